import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { LoadProcess } from './load.js';

export interface TroubleCounts {
  passesKilled: number;
  /** In the middle of a pass, or waiting for the lock. */
  passesKilledAtWork: number;
  writersKilled: number;
  frozen: number;
}

const KILL_INTERVAL_MS = 150;
const FROZEN_MS = 1_000;

/** Kills connections of writers and of passes in turn, and freezes one process, until `signal` aborts. */
export async function makeTrouble(
  url: string,
  victim: LoadProcess,
  signal: AbortSignal,
): Promise<Readonly<TroubleCounts>> {
  const counts: TroubleCounts = { passesKilled: 0, passesKilledAtWork: 0, writersKilled: 0, frozen: 0 };
  const client = new pg.Client({ connectionString: url, application_name: 'trouble' });
  await client.connect();
  const freezing = freeze(victim, counts, signal);
  for (let turn = 0; await pause(KILL_INTERVAL_MS, signal); turn++) {
    const isPass = turn % 2 === 0;
    for (const { atWork } of await killOne(client, isPass)) {
      if (!isPass) counts.writersKilled++;
      else counts.passesKilled++;
      if (isPass && atWork) counts.passesKilledAtWork++;
    }
  }
  await freezing;
  await client.end();
  return counts;
}

async function freeze(victim: LoadProcess, counts: TroubleCounts, signal: AbortSignal): Promise<void> {
  if (!(await pause(2 * FROZEN_MS, signal))) return;
  victim.freeze();
  counts.frozen++;
  // Always thawed, or it never ends.
  await pause(FROZEN_MS, signal);
  victim.thaw();
}

/** A connection at work, if there is one, rather than an idle one. */
async function killOne(client: pg.Client, isPass: boolean): Promise<readonly { atWork: boolean }[]> {
  const { rows } = await client.query<{ atWork: boolean }>(
    `select pg_terminate_backend(pid), state = 'active' as "atWork" from (
  select pid, state from pg_stat_activity
  where datname = current_database() and application_name = 'millrace' and (query like '%.pass%(%') = $1
  order by state = 'active' desc, random() limit 1
) one`,
    [isPass],
  );
  return rows;
}

/** Whether there is time left afterwards. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
