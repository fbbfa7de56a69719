import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { migrations } from './migrations.js';
import { isSchemaName, quoted } from './migration.js';

/** What was released stays as it is: a database that has version 2 never gets another version 2. Add a new one instead. */
const released = [
  '86458f50fa9d373f',
  '718b8f46096233e8',
  '3ea62dae7675652b',
  'f4b147cbe4550d22',
  '94f1c66614ce37ed',
  '54a8ba4513b42aeb',
  '72e46bf0235b5f9a',
  '4e4cd61fc75dc751',
  '015e3ee71c76a1ca',
  'e81c422c32ad14ab',
  'f4e7c01b932b4f9b',
  'e491ce58af804a6e',
];

it('never changes a migration', () => {
  const hashes = migrations.map((migration) => {
    const text = migration.statements(quoted('millrace')).join(';\n');
    return createHash('sha256').update(text).digest('hex').slice(0, 16);
  });
  expect(hashes).toEqual(released);
});

it('numbers migrations from 1, without a gap', () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
});

it.each([
  ['millrace', true],
  ['_a1', true],
  ['a'.repeat(40), true],
  ['a'.repeat(41), false],
  ['1a', false],
  ['a"b', false],
  ['Ab', false],
  ['', false],
])('takes %o for a schema name: %o', (name, expected) => {
  expect(isSchemaName(name)).toBe(expected);
});
