import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errors } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { variables } from '../../src/config/variables.js';
import { docFaults, readDocs, type Facts } from './docs-facts.js';
import { metricCatalogue } from '../../libs/nest/src/metric-catalogue.js';
import { stageOptions } from './docs-operations.js';
import { root } from './source-tree.js';

const facts: Facts = {
  options: new Set(stageOptions().map(({ name }) => name)),
  metrics: new Set(metricCatalogue.map(({ name }) => name)),
  codes: new Set(Object.keys(errors)),
  otherWords: new Set(
    Object.keys(variables).concat(
      'PROTOCOL_VERSION ROUTE_ARGS_METADATA INJECTABLE_WATERMARK LISTEN NAMESERVER'.split(' '),
    ),
  ),
};
const docs = readDocs();

describe('the documents', () => {
  it('say nothing that is not so', () => {
    expect(docFaults(docs, facts)).toEqual([]);
  });

  it('are all there', () => {
    const names = [
      'lifecycle',
      'protocol',
      'guarantees',
      'operations',
      'deployment',
      'errors',
      'glossary',
      'adr/README',
    ];
    expect([...docs.keys()]).toEqual(expect.arrayContaining(['README.md', ...names.map((name) => `docs/${name}.md`)]));
  });

  it('list every decision', () => {
    const decisions = [...docs.keys()].filter((path) => /^docs\/adr\/\d{4}-/.test(path));
    const list = docs.get('docs/adr/README.md') ?? '';
    expect(decisions.length).toBeGreaterThanOrEqual(16);
    expect(decisions.filter((path) => !list.includes(`(${path.replace('docs/adr/', '')})`))).toEqual([]);
  });

  it('have a line for the wire contract as it is', () => {
    const spec = readFileSync(join(root, 'libs/protocol/src/wire-contract.spec.ts'), 'utf8');
    const contract = /const CONTRACT = '(\w+)'/.exec(spec)?.[1] ?? 'none';
    const rows = (docs.get('docs/protocol.md') ?? '').matchAll(/^\| \d+ +\| `(\w{16})` /gm);
    expect(Array.from(rows, ([, hash]) => hash).at(-1)).toBe(contract);
  });

  it.each([
    ['a link to no file', '[here](docs/nowhere.md)', 'the link to docs/nowhere.md leads nowhere'],
    ['a link to no heading', '[here](docs/protocol.md#no-such)', 'docs/protocol.md has no heading for'],
    ['a path that is none', '`libs/nest/src/nothing.spec.ts`', 'there is no libs/nest/src/nothing.spec.ts'],
    ['an option that is none', '`session.maxNothing`', 'there is no option session.maxNothing'],
    [
      'a metric that is none',
      '`realtime_hub_nothing_total{reason="x"}`',
      'there is no metric realtime_hub_nothing_total',
    ],
    ['a code that is none', '`NOT_A_CODE`', 'there is no code NOT_A_CODE'],
  ])('would be caught at %s', (_case, text, fault) => {
    const faulty = new Map(docs).set('README.md', text);
    expect(docFaults(faulty, facts).join('\n')).toContain(`README.md: ${fault}`);
  });
});
