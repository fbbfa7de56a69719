import pg from 'pg';
import { silentRecorder } from '../../../libs/nest/src/telemetry/recorder.js';
import { systemClock } from '../../../libs/nest/src/core/clock.js';
import { PgDatabase } from '../../../libs/nest/src/stream/pg/pg-database.js';
import { SqlStreamStore } from '../../../libs/nest/src/stream/store/sql-stream-store.js';
import { defaultStreamOptions } from '../../../libs/nest/src/stream/stream.options.js';
import { createDatabase } from '../../support/fresh-database.js';
import { judge, type LoggedEvent, type Verdict } from './checker.js';
import { Follower } from './follower.js';
import { LoadProcess, type Load } from './load.js';
import { makeTrouble, type TroubleCounts } from './trouble.js';

export interface Stress {
  readonly load: Omit<Load, 'url'>;
  readonly processes: number;
  readonly trouble: boolean;
  /** Changes the schema before the load starts. */
  readonly plant?: (client: pg.Client) => Promise<void>;
}

export interface StressResult {
  readonly verdict: Verdict;
  readonly trouble?: Readonly<TroubleCounts>;
}

/** Puts a fresh database under load, lets everything come to rest, and judges what is in the log. */
export async function runStress({ load, processes, trouble, plant }: Stress): Promise<StressResult> {
  const fresh = await createDatabase();
  const client = new pg.Client({ connectionString: fresh.url });
  const database = new PgDatabase({ connectionString: fresh.url }, { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 });
  const store = new SqlStreamStore({
    database,
    options: defaultStreamOptions,
    recorder: silentRecorder,
    clock: systemClock,
  });
  const follower = new Follower(fresh.url);
  const nodes: LoadProcess[] = [];
  const over = new AbortController();
  try {
    await client.connect();
    await client.query('create table contested (id int primary key, n int not null)');
    await client.query('insert into contested select i, 0 from generate_series(0, 4) i');
    await store.start();
    await plant?.(client);
    await follower.start();
    for (let n = 0; n < processes; n++) nodes.push(new LoadProcess({ ...load, url: fresh.url }));
    await Promise.all(nodes.map(({ ready }) => ready));
    const [victim] = nodes;
    const troubling = trouble && victim ? makeTrouble(fresh.url, victim, over.signal) : undefined;
    const records = (await Promise.all(nodes.map((node) => node.records()))).flat();
    over.abort();
    const counts = await troubling;
    while ((await store.pass([], 'wait')).more);
    await follower.stop();
    const verdict = judge(records, await readLog(client), follower.seen);
    return counts ? { verdict, trouble: counts } : { verdict };
  } finally {
    over.abort();
    for (const node of nodes) node.kill();
    await store.stop();
    await database.stop();
    await client.end();
    await fresh.drop();
  }
}

async function readLog(client: pg.Client): Promise<readonly LoggedEvent[]> {
  const { rows } = await client.query<LoggedEvent>(
    'select pos::float8 as pos, channel, epoch, "offset"::float8 as "offset", id from millrace.event order by pos',
  );
  return rows;
}
