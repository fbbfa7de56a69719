import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { variables, type Variable } from '../../src/config/variables.js';
import { root } from './source-tree.js';

const file = join(root, 'docs/deployment.md');
const doc = readFileSync(file, 'utf8');
const table = /(<!-- Variables: made .*? -->).*?(<!-- Variables: end\. -->)/s;

/** `docs/deployment.md` as it should be: its own text, and the variables as the code has them. */
function expected(from: Readonly<Record<string, Variable>>): Promise<string> {
  const rows = Object.entries(from).map(
    ([name, { readBy, otherwise, means }]) =>
      `| \`${name}\` | ${readBy === 'both' ? 'node, feed' : readBy} | ${otherwise} | ${means} |`,
  );
  const made = ['| variable | read by | without it | means |', '| --- | --- | --- | --- |', ...rows].join('\n');
  const text = doc.replace(table, (_, begin: string, end: string) => `${begin}\n\n${made}\n\n${end}`);
  return format(text, { parser: 'markdown', printWidth: 120, singleQuote: true });
}

describe('the variables of Departures', () => {
  // After a change of one: npx vitest run --project unit test/architecture/docs-variables -u
  it('are in docs/deployment.md as the code has them', async () => {
    await expect(await expected(variables)).toMatchFileSnapshot(file);
  });

  it('would differ with another name, default or meaning', async () => {
    const { PORT, ...rest } = variables;
    expect(doc).toMatch(table);
    for (const other of [rest, { ...rest, PORTS: PORT }, { ...variables, PORT: { ...PORT, otherwise: '4000' } }]) {
      expect(await expected(other)).not.toBe(await expected(variables));
    }
  });

  it('are those that the code reads', () => {
    const folder = join(root, 'src/config');
    const sources = readdirSync(folder).filter((name) => /(?<!spec|variables)\.ts$/.test(name));
    const text = sources.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
    const read = Array.from(text.matchAll(/environment, '([A-Z_]+)'/g), ([, name = '']) => name);
    expect([...new Set(read)].toSorted()).toEqual(Object.keys(variables).toSorted());
    expect(text).not.toMatch(/environment(?:\.[A-Z]|\[')/);
  });
});
