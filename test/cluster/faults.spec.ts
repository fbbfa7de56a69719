import { appendFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { cleanCommands } from '../e2e/support/command-check.js';
import { stagedEvents } from '../e2e/support/event-log.js';
import { cleanJournals } from '../e2e/support/journal-check.js';
import { judgeRun } from '../e2e/support/judge-run.js';
import { Load } from '../e2e/support/load.js';
import { until } from '../e2e/support/until.js';
import { Cluster } from './support/cluster.js';
import { boards, Crowd } from './support/crowd.js';
import { faultsOf } from './support/faults.js';

const SENDERS = 25;
/** All faults happen once at least. */
const runForMs = Number(process.env['CLUSTER_SECONDS'] ?? 0) * 1_000;
const timeout = 120_000 + 2 * runForMs;

/** `npm run e2e` ends with these lines. */
function report(name: string, counts: object): void {
  const line = `${name}: ${JSON.stringify(counts)}\n`;
  process.stdout.write(line);
  const file = process.env['CLUSTER_COUNTS'];
  if (file !== undefined) appendFileSync(file, line);
}

async function run(withRedis: boolean) {
  const cluster = await Cluster.start({ withRedis });
  try {
    const crowd = new Crowd(cluster);
    await crowd.isThere();
    const load = new Load({ boards, pauseMs: 200 });
    for (const client of crowd.clients.slice(0, SENDERS)) load.add(client);
    await load.progress(50);

    const startedAt = performance.now();
    const happened: Record<string, number> = {};
    for (let round = 0; round === 0 || performance.now() - startedAt < runForMs; round++) {
      for (const [name, fault] of faultsOf(cluster)) {
        await fault(cluster, round);
        happened[name] = round + 1;
        await crowd.isThere();
        await load.progress(50);
      }
    }
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    await load.stop();
    await until('nothing is staged', async () => (await stagedEvents(cluster.sql)) === 0);

    const { log, ...verdict } = await judgeRun({ sql: cluster.sql, keepers: crowd.keepers, load });
    const { reconnects, recovered } = crowd;
    const nodes = await cluster.total();
    return { seconds, happened, events: log.length, ...verdict, reconnects, recovered, sent: load.sent, nodes };
  } finally {
    await cluster.stop();
  }
}

it.each([
  ['postgres and redis', true],
  ['postgres only', false],
])(
  'loses, doubles and swaps nothing while nodes, servers and the load balancer die: %s',
  async (name, withRedis) => {
    const { sent, ...counts } = await run(withRedis);
    report(name, counts);
    const { journals, commands, nodes } = counts;
    expect(journals).toMatchObject(cleanJournals);
    expect(journals.handed).toBe(journals.owed);
    expect(commands).toMatchObject({ ...cleanCommands, commands: sent });
    // A run in which nothing happened shows nothing.
    expect(journals.owed).toBeGreaterThan(5_000);
    expect(counts.reconnects).toBeGreaterThan(200);
    expect(counts.recovered).toBeGreaterThan(100);
    expect(nodes.repairs).toBeGreaterThan(10);
    expect(nodes.batchesFromOthers > 100).toBe(withRedis);
    expect(nodes.redisLost > 6).toBe(withRedis);
  },
  timeout,
);
