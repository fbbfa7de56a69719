import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../../test/support/fresh-database.js';
import { FakeClock } from '../../core/testing/fake-clock.js';
import type { SqlTransaction } from '../sql-database.port.js';
import { connectionShares } from './connection-shares.js';
import { PgDatabase, type PgSource } from './pg-database.js';

let fresh: FreshDatabase;
let database: PgDatabase;
const opened: PgDatabase[] = [];
const pools: pg.Pool[] = [];
const clock = new FakeClock();
beforeAll(async () => {
  fresh = await createDatabase();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.stop()));
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});
afterAll(() => fresh.drop());

function open(source: PgSource): void {
  database = new PgDatabase(source, { passTimeoutMs: 10_000, historyTimeoutMs: 5_000, clock });
  opened.push(database);
}

const poolOf = (max: number): { pool: pg.Pool } => {
  const pool = new pg.Pool({ connectionString: fresh.url, max });
  pools.push(pool);
  return { pool };
};

/** Begins transactions as commands of `payer`; `begun` are those that have a connection. */
function flood(payer: string, count: number) {
  const begun: SqlTransaction[] = [];
  const aborts = Array.from({ length: count }, () => new AbortController());
  const all = aborts.map(({ signal }) =>
    database.ambient.run({ cause: {}, payer }, async () => {
      begun.push(await database.begin(undefined, signal));
    }),
  );
  for (const one of all) one.catch(() => {});
  const end = async (): Promise<readonly PromiseSettledResult<void>[]> => {
    for (const abort of aborts) abort.abort(new Error('ended'));
    const settled = await Promise.allSettled(all);
    await Promise.all(begun.map((transaction) => transaction.rollback()));
    return settled;
  };
  return { begun, all, end };
}

const as = (payer: string) => database.ambient.run({ cause: {}, payer }, () => database.query('select 1 as n', []));

it.each([
  ['of pools of its own', (): PgSource => ({ connectionString: fresh.url, maxConnections: 6 }), 3],
  ['of a pool of the application, which the pass and reads need too', (): PgSource => poolOf(10), 3],
])('gives one client half of the connections %s', async (_of, source, half) => {
  open(source());
  const { begun, end } = flood('flood', 32);
  await expect.poll(() => begun.length).toBe(half);
  expect(await as('victim')).toEqual([{ n: 1 }]);
  expect(await database.query('select 1 as n', [])).toEqual([{ n: 1 }]);
  expect(await database.reader.query('select 1 as n', [])).toEqual([{ n: 1 }]);
  expect(await database.pass.query('select 1 as n', [])).toEqual([{ n: 1 }]);
  expect(begun).toHaveLength(half);
  await begun[0]?.rollback();
  await expect.poll(() => begun.length).toBe(half + 1);
  const ended = await end();
  expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(32 - half - 1);
});

it('says BUSY to who has waited ten seconds for a connection, and gives its place to nobody who has left', async () => {
  open({ connectionString: fresh.url, maxConnections: 2 });
  const { begun, all, end } = flood('flood', 3);
  await expect.poll(() => begun.length).toBe(1);
  const [refused] = await Promise.allSettled([all[2], clock.advance(10_000)]);
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'BUSY', detail: { retryAfterMs: 500 } } });
  await end();
  expect(await as('flood')).toEqual([{ n: 1 }]);
});

it('frees the place of a connection that could not be opened', async () => {
  open({ connectionString: 'postgres://nobody@127.0.0.1:1/none', maxConnections: 2 });
  for (let round = 0; round < 3; round++) await expect(as('ann')).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE' });
});

it('divides a pool so that each kind of work has a connection', () => {
  const of = (max?: number) =>
    connectionShares({ pool: { options: { ...(max !== undefined && { max }) } } as unknown as pg.Pool });
  expect([of(2), of(4), of(10), of(50), of()]).toEqual([
    { work: 1, reads: 1 },
    { work: 2, reads: 1 },
    { work: 6, reads: 3 },
    { work: 45, reads: 4 },
    { work: 6, reads: 3 },
  ]);
});
