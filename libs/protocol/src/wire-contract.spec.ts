import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { errors } from './index.js';

/** Of what crosses the wire in version 1. See `whatToDo` before you change it. */
const CONTRACT = '119b1a8d4f6691a3';

const whatToDo = (found: string) =>
  `What crosses the wire has changed. Add a line to the table "versions" in docs/protocol.md that says what, and whether ` +
  `old clients and old servers still understand each other (if not, raise PROTOCOL_VERSION); then put ${found} here.`;

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Comments and layout may change freely. */
function normalize(text: string): string {
  const file = ts.createSourceFile('contract.ts', text, ts.ScriptTarget.Latest);
  return ts.createPrinter({ removeComments: true }).printFile(file);
}

function hashOf(sources: ReadonlyMap<string, string>, retries: readonly (readonly [string, string])[]): string {
  const parts = [...sources].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([path, text]) => [path, normalize(text)]);
  const table = retries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([parts, table]))
    .digest('hex')
    .slice(0, 16);
}

const frames = readdirSync(`${folder}frames`)
  .filter((name) => !name.includes('.spec'))
  .map((name) => `frames/${name}`);
const sources = new Map(
  [...frames, 'position.ts', 'version.ts'].map((path) => [path, readFileSync(folder + path, 'utf8')]),
);
const retries = Object.entries(errors).map(([code, { retry }]) => [code, retry] as const);

describe('the wire contract', () => {
  it('is the one that was agreed', () => {
    const found = hashOf(sources, retries);
    expect(found, whatToDo(found)).toBe(CONTRACT);
  });

  it('covers every frame', () => {
    expect(frames.length).toBeGreaterThanOrEqual(8);
  });

  it('says what to do when it changes', () => {
    expect(whatToDo('abc')).toMatch(/"versions" in docs\/protocol\.md.*put abc here/);
  });

  it.each([
    ['a field', 'frames/command.ts', 'readonly name: string', 'readonly name: number'],
    ['a new optional field', 'frames/history.ts', 'readonly limit: number;', 'readonly limit: number; readonly x?: 1;'],
    ['the form of a position', 'position.ts', '.${offset}.', ':${offset}.'],
    ['the version', 'version.ts', 'PROTOCOL_VERSION = 1', 'PROTOCOL_VERSION = 2'],
  ])('changes with %s', (_what, path, before, after) => {
    const text = sources.get(path) ?? '';
    expect(text).toContain(before);
    const changed = new Map(sources).set(path, text.replace(before, after));
    expect(hashOf(changed, retries)).not.toBe(hashOf(sources, retries));
  });

  it('changes with a retry policy, not with the order of codes', () => {
    const [first, ...rest] = retries;
    const other = [[first?.[0] ?? '', 'other'] as const, ...rest];
    expect(hashOf(sources, other)).not.toBe(hashOf(sources, retries));
    expect(hashOf(sources, retries.toReversed())).toBe(hashOf(sources, retries));
  });

  it('does not change with comments and layout', () => {
    const text = sources.get('frames/command.ts') ?? '';
    const dressed = new Map(sources).set('frames/command.ts', `// a remark\n\n${text.replaceAll('  ', '\n    ')}`);
    expect(hashOf(dressed, retries)).toBe(hashOf(sources, retries));
  });
});
