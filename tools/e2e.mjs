// npm run e2e [-- --seconds N]: three nodes behind the load balancer while parts of them die, for N seconds each with and
// without Redis (once everything that can happen, unless given). Its last lines are the counts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parts } from './parts/parts.mjs';
import { runParts } from './parts/run-parts.mjs';
import { interruption } from './process/interrupt.mjs';
import { startServices } from './services/start.mjs';

const seconds = readSeconds();
const part = parts.find(({ name }) => name === 'cluster');
const signal = interruption();
const services = await startServices(part.needs).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
const folder = mkdtempSync(join(tmpdir(), 'millrace-counts-'));
const counts = join(folder, 'counts');
try {
  const env = {
    ...process.env,
    ...services.env,
    NODE_ENV: 'test',
    CLUSTER_SECONDS: `${seconds}`,
    CLUSTER_COUNTS: counts,
  };
  // With and without Redis; the last round goes on beyond its time.
  const timeoutMs = part.timeoutMs + 4 * seconds * 1_000;
  if (!(await runParts([{ ...part, timeoutMs }], { env, signal }))) process.exitCode ||= 1;
  console.log(readFileSync(counts, 'utf8').trimEnd());
} finally {
  rmSync(folder, { recursive: true, force: true });
  await services.stop();
}

function readSeconds() {
  try {
    const { values } = parseArgs({ options: { seconds: { type: 'string', default: '0' } } });
    if (/^\d+$/.test(values.seconds)) return Number(values.seconds);
  } catch {
    // An unknown option.
  }
  console.error('usage: npm run e2e [-- --seconds N]');
  process.exit(2);
}
