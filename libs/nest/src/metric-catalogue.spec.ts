import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metricCatalogue } from './metric-catalogue.js';

const stages = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
/** What several stages have: each with a label that says which. */
const shared = ['gate'];
/** Of a gauge or a histogram; a counter ends in `total`, and nothing else does. */
const units = [
  'calls',
  'commands',
  'denials',
  'seconds',
  'bytes',
  'days',
  'events',
  'publishes',
  'transactions',
  'channels',
  'sessions',
  'subscriptions',
  'connections',
  'state',
  'nodes',
];

const stagesWithMetrics = ['broker', 'channel', 'command', 'health', 'hub', 'limits', 'redis', 'session', 'stream'];

describe('the catalogue of metrics', () => {
  it('holds those of every stage that has some', () => {
    const declared = new Set(metricCatalogue.map(({ name }) => name.split('_')[1]));
    expect(declared).toEqual(new Set([...stagesWithMetrics, ...shared]));
  });

  it.each(metricCatalogue.map((metric) => [metric.name, metric] as const))('%s', (name, { kind, help }) => {
    const [prefix, stage = '', ...what] = name.split('_');
    expect(prefix).toBe('realtime');
    expect([...stages, ...shared]).toContain(stage);
    expect(kind === 'counter' ? ['total'] : units).toContain(what.at(-1));
    expect(help).toMatch(/^[A-Z].{10,}[^.]$/);
    expect(metricCatalogue.filter((other) => other.name === name)).toHaveLength(1);
  });
});
