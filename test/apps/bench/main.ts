import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measure, type Measurement, type Outcome } from './figure.js';
import { command } from './figures/command.js';
import { commitToClient } from './figures/commit-to-client.js';
import { fairness } from './figures/fairness.js';
import { fanoutBurst, fanoutSingle } from './figures/fanout.js';
import { memory } from './figures/memory.js';
import { publish } from './figures/publish.js';
import { resume } from './figures/resume.js';

const RUNS = 5;
const measurements: readonly Measurement[] = [
  fanoutSingle,
  fanoutBurst,
  command,
  memory,
  publish,
  commitToClient,
  resume,
  fairness,
];

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    check: { type: 'boolean' },
    only: { type: 'string', multiple: true },
    profile: { type: 'string' },
  },
});
if (values.profile !== undefined) process.env['BENCH_PROFILES'] = values.profile;
process.env['BENCH_SECRET'] = randomBytes(32).toString('hex');

const chosen = measurements.filter(({ figures }) => !values.only || values.only.includes(figures[0]?.name ?? ''));
if (chosen.length === 0) throw new Error(`No such figure: ${values.only?.join()}`);

const print = (cells: readonly string[]): void => {
  console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(18) : cell.padStart(12))).join(' '));
};
const isReached = ({ ratio, limit }: Outcome): boolean => ratio <= limit;

print(['', 'ours', 'stock', 'ours/stock', 'limit', '', 'unit']);
const outcomes: Outcome[] = [];
for (const measurement of chosen) {
  for (const outcome of await measure(measurement, RUNS)) {
    outcomes.push(outcome);
    const { name, kind, ratio, ours, stock, limit, unit } = outcome;
    const sign = kind === 'difference' && ratio >= 0 ? '+' : '';
    const verdict = isReached(outcome) ? 'reached' : 'MISSED';
    print([name, ours.toFixed(2), stock.toFixed(2), `${sign}${ratio.toFixed(3)}`, `${limit}`, verdict, unit]);
  }
}

if (values.json !== undefined) {
  const figures = outcomes.map(({ name, kind, ratio, ours, stock, unit, runs, limit }) => ({
    name,
    kind,
    ratio,
    ours,
    stock,
    unit,
    runs,
    limit,
  }));
  writeFileSync(values.json, `${JSON.stringify(figures, undefined, 2)}\n`);
}
if (values.check && !outcomes.every(isReached)) process.exitCode = 1;
