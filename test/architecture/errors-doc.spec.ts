import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errors, tokenFaults } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { connectFaults } from '../../libs/client/src/transport/connect-fault.js';
import { expectedErrorsDoc, marker } from './errors-doc.js';
import { root } from './source-tree.js';

const file = join(root, 'docs/errors.md');
const doc = readFileSync(file, 'utf8');

describe('docs/errors.md', () => {
  // After a change of the registry: npx vitest run --project unit test/architecture/errors-doc -u
  it('says what the registry says', async () => {
    await expect(expectedErrorsDoc(doc, errors)).toMatchFileSnapshot(file);
  });

  it('would differ with a new code, a lost code or another text', () => {
    const { BUSY, ...others } = errors;
    expect(doc).toContain(marker);
    expect(expectedErrorsDoc(doc, { ...errors, NEW: BUSY })).not.toBe(doc);
    expect(expectedErrorsDoc(doc, others)).not.toBe(doc);
    expect(expectedErrorsDoc(doc, { ...errors, BUSY: { ...BUSY, retry: 'never' } })).not.toBe(doc);
  });

  it.each(Object.entries({ ...tokenFaults, ...connectFaults }))(
    'tells what to look at for the reason %s',
    (reason, advice) => {
      const rows = doc.split('\n').filter((line) => line.startsWith('| `'));
      const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
      expect(cells).toContainEqual(['', `\`${reason}\``, advice, '']);
    },
  );
});
