import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { everything, expectedOperationsDoc, marker, stageOptions } from './docs-operations.js';
import { root } from './source-tree.js';

const file = join(root, 'docs/operations.md');
const doc = readFileSync(file, 'utf8');

const expected = (from = everything()): Promise<string> =>
  format(expectedOperationsDoc(doc, from), { parser: 'markdown', printWidth: 120 });

describe('docs/operations.md', () => {
  // After a change of an option or a metric: npx vitest run --project unit test/architecture/docs-operations -u
  it('says what the code says', async () => {
    await expect(await expected()).toMatchFileSnapshot(file);
  });

  it.each(stageOptions().map(({ name, text }) => [name, text]))('has words for %s', (_name, text) => {
    expect(text).toMatch(/^[A-Z].{20,}[.]$/);
  });

  it('would differ with another default, another text, a lost option or a lost metric', async () => {
    const { options, metrics } = everything();
    const [first, ...rest] = options;
    expect(doc).toContain(marker);
    for (const other of [
      { options: [{ ...first!, value: 'other' }, ...rest], metrics },
      { options: [{ ...first!, text: 'Other.' }, ...rest], metrics },
      { options: rest, metrics },
      { options, metrics: metrics.slice(1) },
    ]) {
      expect(await expected(other)).not.toBe(await expected());
    }
  });
});
