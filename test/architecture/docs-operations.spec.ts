import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { metricCatalogue } from '../../libs/nest/src/metric-catalogue.js';
import { expectedMetricsDoc, expectedOperationsDoc, marker, stageOptions } from './docs-operations.js';
import { root } from './source-tree.js';

function page<T>(name: string, made: (current: string, from: T) => string) {
  const file = join(root, 'docs', name);
  const text = readFileSync(file, 'utf8');
  const expected = (from: T): Promise<string> => format(made(text, from), { parser: 'markdown', printWidth: 120 });
  return { file, text, expected };
}

// After a change of an option or a metric: npx vitest run --project unit test/architecture/docs-operations -u
describe('docs/operations.md', () => {
  const { file, text, expected } = page('operations.md', expectedOperationsDoc);
  const options = stageOptions();

  it('says of options what the code says', async () => {
    await expect(await expected(options)).toMatchFileSnapshot(file);
  });

  it.each(options.map((option) => [option.name, option.text]))('has words for %s', (_name, words) => {
    expect(words).toMatch(/^[A-Z].{20,}[.]$/);
  });

  it('would differ with another default, another text or a lost option', async () => {
    const [first, ...rest] = options;
    expect(text).toContain(marker);
    const right = await expected(options);
    for (const other of [[{ ...first!, value: 'other' }, ...rest], [{ ...first!, text: 'Other.' }, ...rest], rest]) {
      expect(await expected(other)).not.toBe(right);
    }
  });
});

describe('docs/metrics.md', () => {
  const { file, text, expected } = page('metrics.md', expectedMetricsDoc);

  it('says of metrics what the code says', async () => {
    await expect(await expected(metricCatalogue)).toMatchFileSnapshot(file);
  });

  it('would differ with another help, another label or a lost metric', async () => {
    const [first, ...rest] = metricCatalogue;
    expect(text).toContain(marker);
    const right = await expected(metricCatalogue);
    for (const other of [
      [{ ...first!, help: 'Other' }, ...rest],
      [{ ...first!, labels: { by: ['x'] } }, ...rest],
      rest,
    ]) {
      expect(await expected(other)).not.toBe(right);
    }
  });
});
