import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../../test/support/fresh-database.js';
import { FakeClock } from '../../core/testing/fake-clock.js';
import { failureOf } from '../testing/failure-of.js';
import { fromPg } from './pg-transactions.js';
import { PgDatabase, type PgSource, type PgTimes } from './pg-database.js';

let fresh: FreshDatabase;
const times: PgTimes = { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 };
const opened: PgDatabase[] = [];
const open = (source: PgSource = { connectionString: fresh.url }, more: Partial<PgTimes> = {}): PgDatabase => {
  const database = new PgDatabase(source, { ...times, ...more });
  opened.push(database);
  return database;
};
beforeAll(async () => {
  fresh = await createDatabase();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.stop()));
});
afterAll(() => fresh.drop());

const pidOf = async (executor: Pick<PgDatabase, 'query'>): Promise<number> => {
  const [row] = await executor.query('select pg_backend_pid() as pid', []);
  return Number(row?.['pid']);
};

describe('on a pool of the application', () => {
  it('leaves the pool, its type parsers and its end to the application', async () => {
    const pool = new pg.Pool({ connectionString: fresh.url, max: 3 });
    const database = open({ pool });
    expect(await database.query('select 1::int8 as n', [])).toEqual([{ n: 1 }]);
    expect((await pool.query('select 1::int8 as n')).rows).toEqual([{ n: '1' }]);
    await database.pass.query('select 1', []);
    await database.stop();
    expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    await pool.end();
  });
});

it('reads on while transactions hold every connection for work', async () => {
  const database = open({ connectionString: fresh.url, maxConnections: 2 });
  const transactions = [await database.begin(), await database.begin()];
  expect(await database.reader.query('select 1 as n', [])).toEqual([{ n: 1 }]);
  expect(await database.pass.query('select 1 as n', [])).toEqual([{ n: 1 }]);
  for (const transaction of transactions) await transaction.rollback();
});

describe('a transaction that nobody waits for any more', () => {
  const SETTINGS = `select current_setting('statement_timeout') as statement,
current_setting('idle_in_transaction_session_timeout') as idle`;

  it('loses the statement that it waits in, and with it what it locked', async () => {
    const database = open();
    await database.script('create table locked as select 1 as n');
    const [first, second] = [await database.begin(), await database.begin(1)];
    await first.query('update locked set n = 2', []);
    const refused = await failureOf(second.query('update locked set n = 3', []));
    expect(refused).toMatchObject({ code: '57014', message: expect.stringContaining('statement timeout') as string });
    await second.rollback();
    await first.rollback();
  });

  it('is rolled back by the server when its node does nothing more', async () => {
    const [database, observer] = [open(), open()];
    const frozen = await database.begin(1);
    await frozen.query('create table of_the_frozen ()', []);
    await observer.query('create table if not exists of_the_frozen ()', []);
    expect(await failureOf(frozen.query('select 1', []))).toMatchObject({ code: 'TRANSACTION_ABORTED' });
    await frozen.rollback();
  });

  it.each([
    ['5s', 10_000, '5s'],
    ['20s', 10_000, '11s'],
    ['0', 10_000, '11s'],
    ['0', 1e12, '2147483647ms'],
    ['7s', undefined, '7s'],
  ])('keeps what the database allows, %s, where that is less than %s ms', async (own, timeoutMs, expected) => {
    const observer = open();
    const name = new URL(fresh.url).pathname.slice(1);
    for (const key of ['statement_timeout', 'idle_in_transaction_session_timeout']) {
      await observer.query(`alter database ${name} set ${key} = '${own}'`, []);
    }
    const transaction = await open().begin(timeoutMs);
    const settings = await transaction.query(SETTINGS, []);
    await transaction.rollback();
    await observer.query(`alter database ${name} reset all`, []);
    expect(settings).toEqual([{ statement: expected, idle: expected }]);
  });
});

describe('when connections break', () => {
  it('survives the end of idle, of busy and of kept connections', async () => {
    const [database, other] = [open(), open()];
    const idle = await pidOf(database);
    const kept = await pidOf(database.pass);
    const transaction = await database.begin();
    const busy = await pidOf(transaction);
    for (const pid of [idle, kept, busy]) await other.query('select pg_terminate_backend($1::int, 5000)', [pid]);
    await expect(transaction.query('select 1', [])).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    await transaction.rollback();
    expect(await pidOf(database)).not.toBe(idle);
    await database.pass.query('select 1', []).catch(() => {});
    expect(await pidOf(database.pass)).not.toBe(kept);
  });

  it('says TRANSACTION_ABORTED at the COMMIT of a connection that was lost before', async () => {
    const [database, other] = [open(), open()];
    const transaction = await database.begin();
    await other.query('select pg_terminate_backend($1::int, 5000)', [await pidOf(transaction)]);
    // The same event loop hears of both ends in the order in which they came: once a later answer is here, the end is.
    await pidOf(other);
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
  });

  it('says TRANSACTION_IN_DOUBT when the answer to COMMIT is lost', async () => {
    const proxy = await cuttingProxy(new URL(fresh.url));
    const database = open({ connectionString: proxy.url(fresh.url) });
    const transaction = await database.begin();
    await transaction.query('create table in_doubt ()', []);
    proxy.dropAnswers();
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'TRANSACTION_IN_DOUBT' });
    proxy.close();
  });

  it('says STREAM_UNAVAILABLE where there is no server', async () => {
    const database = open({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
    for (const executor of [database, database.pass, database.reader]) {
      await expect(executor.query('select 1', [])).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE' });
    }
    await expect(database.begin()).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE' });
  });
});

describe('in a failover, where new connections lead to the standby for a while', () => {
  const name = (): string => new URL(fresh.url).pathname.slice(1);
  let other: PgDatabase;
  const isStandby = (is: boolean): Promise<unknown> =>
    other.query(`alter database ${name()} ${is ? 'set default_transaction_read_only = on' : 'reset all'}`, []);
  beforeAll(async () => {
    other = new PgDatabase({ connectionString: fresh.url }, times);
    await other.script('create table written (by text)');
  });
  afterAll(() => other.stop());
  const write = 'insert into written values ($1)';

  it('takes none of its connections for good', async () => {
    await isStandby(true);
    const database = open({ connectionString: fresh.url, maxConnections: 1 });
    const unavailable = { code: 'STREAM_UNAVAILABLE', cause: { code: '25006' } };
    expect(await failureOf(database.pass.query(write, ['pass']))).toMatchObject(unavailable);
    expect(await failureOf(database.query(write, ['query']))).toMatchObject(unavailable);
    const transaction = await database.begin();
    expect(await failureOf(transaction.query(write, ['transaction']))).toMatchObject({ code: 'TRANSACTION_ABORTED' });
    await transaction.rollback();
    await isStandby(false);
    await database.pass.query(write, ['pass']);
    const later = await database.begin();
    await later.query(write, ['transaction']);
    await later.commit();
    await database.query(write, ['query']);
    const rows = await other.query('select by from written order by by', []);
    expect(rows.map(({ by }) => by)).toEqual(['pass', 'query', 'transaction']);
  });

  it('leaves the client to the pool of the application no more than that', async () => {
    await isStandby(true);
    const pool = new pg.Pool({ connectionString: fresh.url, max: 1 });
    const transactions = fromPg<pg.PoolClient>(pool);
    const failure = failureOf(transactions.run((client) => client.query(write, ['pool'])));
    expect(await failure).toMatchObject({ code: '25006' });
    await isStandby(false);
    expect(await transactions.run((client) => client.query(write, ['pool']))).toMatchObject({ rowCount: 1 });
    await pool.end();
  });
});

it('is in doubt where a statement ended a transaction on a client of the application', async () => {
  const pool = new pg.Pool({ connectionString: fresh.url, max: 1 });
  const transactions = fromPg<pg.PoolClient>(pool);
  const failure = failureOf(transactions.run((client) => client.query('commit')));
  expect(await failure).toMatchObject({ code: 'TRANSACTION_IN_DOUBT' });
  expect(await transactions.run((client) => client.query('select 1 as one'))).toMatchObject({ rows: [{ one: 1 }] });
  await pool.end();
});

it('keeps the connection of the pass when a row was to blame, and no other failure', async () => {
  const database = open();
  const pid = await pidOf(database.pass);
  expect(await failureOf(database.pass.query('select 1 / 0', []))).toMatchObject({ code: '22012' });
  expect(await pidOf(database.pass)).toBe(pid);
  expect(await failureOf(database.pass.query('select * from nowhere', []))).toMatchObject({ code: '42P01' });
  expect(await pidOf(database.pass)).not.toBe(pid);
});

it('says TRANSACTION_ABORTED to the victim of a deadlock', async () => {
  const database = open();
  await database.script('create table pair (n int primary key); insert into pair values (1), (2)');
  const [a, b] = [await database.begin(), await database.begin()];
  const take = 'select from pair where n = $1 for update';
  await a.query(take, [1]);
  await b.query(take, [2]);
  const outcomes = await Promise.allSettled([a.query(take, [2]), b.query(take, [1])]);
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  expect(refused).toMatchObject([{ code: 'TRANSACTION_ABORTED' }]);
  await Promise.all([a.rollback(), b.rollback()]);
});

it('gives a long read up, on the server too', async () => {
  const database = open(undefined, { historyTimeoutMs: 50 });
  const read = database.reader.query('select pg_sleep(20)', []);
  await expect(read).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE', cause: { code: '57014' } });
  expect(await database.reader.query(`select current_setting('statement_timeout') as t`, [])).toEqual([{ t: '50ms' }]);
  expect(await database.query(`select current_setting('statement_timeout') as t`, [])).toEqual([{ t: '0' }]);
});

it('gives a read up that gets no lock in the time that the server allows for one', async () => {
  const database = open();
  await database.script('create table held (n int)');
  const transaction = await database.begin();
  await transaction.query('lock table held in access exclusive mode', []);
  const pool = new pg.Pool({ connectionString: fresh.url, max: 3, options: '-c lock_timeout=50' });
  const hurried = open({ pool });
  const read = hurried.reader.query('select n from held', []);
  await expect(read).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE', cause: { code: '55P03' } });
  await transaction.rollback();
  expect(await hurried.reader.query('select n from held', [])).toEqual([]);
  await pool.end();
});

it('gives a call of the pass up that does not end, and connects anew', async () => {
  const clock = new FakeClock();
  const database = open(undefined, { passTimeoutMs: 1_000, clock });
  const pid = await pidOf(database.pass);
  const call = database.pass.query('select pg_sleep(20)', []);
  const failure = failureOf(call);
  await clock.advance(1_000);
  expect(await failure).toMatchObject({ code: 'STREAM_UNAVAILABLE', detail: { outcome: 'unknown' } });
  expect(await pidOf(database.pass)).not.toBe(pid);
});

/** Passes bytes on to the server until told to cut the line instead of the next answer. */
async function cuttingProxy(server: URL) {
  let dropping = false;
  const sockets: Socket[] = [];
  const listener = createServer((client) => {
    const upstream = connect(Number(server.port || 5432), server.hostname);
    sockets.push(client, upstream);
    client.pipe(upstream);
    upstream.on('data', (chunk) => (dropping ? client.destroy() : client.write(chunk)));
    for (const socket of [client, upstream]) socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  return {
    url: (direct: string): string => Object.assign(new URL(direct), { host: `127.0.0.1:${port}` }).href,
    dropAnswers: (): void => {
      dropping = true;
    },
    close: (): void => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}
