import { runInNewContext } from 'node:vm';
import { unfaithfulValue } from '@millrace/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFault } from './json-bounds.js';
import { isPlainJson } from './plain-json.js';

const bounds = { maxDepth: 8, maxNodes: 50 };

describe('a plain value', () => {
  it.each([
    ['null', null],
    ['text', 'a'],
    ['a number', -1.5],
    ['a list in an object', { a: [1, { b: false }], c: undefined }],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
  ])('may be %s', (_, value) => {
    expect(isPlainJson(value, bounds)).toBe(true);
  });

  it.each([
    ['NaN', { a: Number.NaN }],
    ['a BigInt', [1n]],
    // oxlint-disable-next-line no-sparse-arrays
    ['a hole', [, 1]],
    ['a function', { a: () => 1 }],
    ['a date', { a: new Date(0) }],
    ['a Map', new Map()],
    ['bytes', Buffer.from('a')],
    ['an object of a class', new (class Note {})()],
    ['an object with a toJSON', { toJSON: () => 1 }],
    ['an object with a tag', { [Symbol.toStringTag]: 'Map' }],
    ['a list of a class', new (class List extends Array<number> {})()],
    ['a forbidden key', JSON.parse('{"a":{"__proto__":1}}')],
    ['another realm', runInNewContext('({})')],
    ['more depth than may be', [[[[[[[[[[]]]]]]]]]]],
    ['more values than may be', Array.from({ length: 50 }, () => 0)],
  ])('is not %s, or needs another look', (_, value) => {
    expect(isPlainJson(value, bounds)).toBe(false);
  });

  it('has neither a fault nor too much in it, whatever it is', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      withNullPrototype: true,
      withBoxedValues: true,
    });
    let plain = 0;
    fc.assert(
      fc.property(anything, (value) => {
        if (!isPlainJson(value, bounds)) return;
        plain++;
        expect(unfaithfulValue(value)).toBeUndefined();
        expect(jsonFault(JSON.parse(JSON.stringify(value)), bounds)).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
    expect(plain).toBeGreaterThan(30);
  });

  it('is every JSON within the bounds', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 12 }), (text) => {
        fc.pre(!text.includes('toJSON'));
        const value: unknown = JSON.parse(text);
        expect(isPlainJson(value, bounds)).toBe(jsonFault(value, bounds) === undefined);
      }),
    );
  });
});
