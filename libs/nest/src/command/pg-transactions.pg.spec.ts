import { Logger } from '@nestjs/common';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../test/support/fresh-database.js';
import { PgDatabase } from '../stream/pg/pg-database.js';
import type { SqlExecutor } from '../stream/sql-database.port.js';
import { failureOf } from '../stream/testing/failure-of.js';
import type { Transaction, TransactionPort } from '../stream/transaction/transaction.port.js';
import { act } from './testing/scripted-gateway.js';
import { INSERT, SLOW_TABLE } from './testing/note-table.js';
import { TransactionBench } from './testing/transaction-bench.js';
import { nestedTransactionsContract } from './testing/nested-transactions.contract.js';
import { transactionsContract } from './testing/transactions.contract.js';

const times = { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 };
const fresh: FreshDatabase[] = [];
const benches: TransactionBench[] = [];

async function freshUrl(): Promise<string> {
  const database = await createDatabase();
  fresh.push(database);
  return database.url;
}
async function openBench(url: string, transactions?: TransactionPort, maxConnections = 4): Promise<TransactionBench> {
  const database = new PgDatabase({ connectionString: url, maxConnections }, times);
  const bench = await TransactionBench.open(database, transactions);
  benches.push(bench);
  return bench;
}
afterAll(async () => {
  for (const bench of benches) await bench.close();
  for (const database of fresh) await database.drop();
});

transactionsContract('PostgreSQL', async () =>
  TransactionBench.open(new PgDatabase({ connectionString: await freshUrl() }, times)),
);
nestedTransactionsContract('PostgreSQL', async () =>
  TransactionBench.open(new PgDatabase({ connectionString: await freshUrl(), maxConnections: 2 }, times)),
);

describe('on PostgreSQL', () => {
  let bench: TransactionBench;
  let observer: pg.Client;
  beforeAll(async () => {
    const url = await freshUrl();
    bench = await openBench(url);
    observer = new pg.Client({ connectionString: url });
    await observer.connect();
    await observer.query(SLOW_TABLE);
  });
  afterEach(() => bench.reset());
  afterAll(() => observer.end());

  const texts = async (): Promise<unknown[]> => (await observer.query('select text from note')).rows;

  it('shows a second connection nothing before COMMIT', async () => {
    const seen: unknown[] = [];
    bench.script.handler = async (tx) => {
      await tx.query(INSERT, ['row']);
      seen.push(await texts());
    };
    await bench.commands.send(act);
    expect([...seen, await texts()]).toEqual([[], [{ text: 'row' }]]);
  });

  it('says unknown when the connection is lost during COMMIT', async () => {
    let pid = 0;
    bench.script.handler = async (tx) => {
      const [row] = await tx.query('select pg_backend_pid() as pid', []);
      pid = Number(row?.['pid']);
      await tx.query('insert into slow values (20)', []);
    };
    const answer = bench.commands.send(act);
    await expect
      .poll(async () => (await observer.query('select query from pg_stat_activity where pid = $1', [pid])).rows)
      .toEqual([{ query: 'commit' }]);
    await observer.query('select pg_terminate_backend($1, 5000)', [pid]);
    expect(await answer).toMatchObject({ error: { code: 'TRANSACTION_IN_DOUBT', outcome: 'unknown' } });
  });

  it.each(['commit', 'rollback', 'end'])(
    'says unknown of a handler that ends it by %s, seen or not',
    async (statement) => {
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['row']);
        await tx.query(statement, []).catch(() => {});
      };
      const unknown = { error: { code: 'TRANSACTION_IN_DOUBT', retry: 'never', outcome: 'unknown' } };
      expect(await bench.commands.send(act)).toMatchObject(unknown);
      bench.script.handler = async (tx) => {
        await tx.query(statement, []);
        await tx.query(INSERT, ['outside']);
      };
      expect(await bench.commands.send(act)).toMatchObject(unknown);
      expect(await texts()).not.toContainEqual({ text: 'outside' });
      bench.script.handler = (tx) => tx.query(INSERT, ['next']);
      expect(await bench.commands.send(act)).toMatchObject({ ok: true });
    },
  );

  it('tells the server how long the command may take', async () => {
    bench.script.handler = (tx) => tx.query('show statement_timeout', []);
    expect(await bench.commands.send(act)).toEqual({ ok: true, result: [{ statement_timeout: '11s' }] });
  });

  it('says not-applied when the connection is lost before', async () => {
    bench.script.handler = async (tx) => {
      await tx.query(INSERT, ['row']);
      const [row] = await tx.query('select pg_backend_pid() as pid', []);
      await observer.query('select pg_terminate_backend($1, 5000)', [row?.['pid']]);
      await tx.query('select 1', []);
    };
    expect(await bench.commands.send(act)).toMatchObject({
      error: { code: 'TRANSACTION_ABORTED', outcome: 'not-applied' },
    });
    expect(await texts()).toEqual([]);
  });

  it('says TRANSACTION_ABORTED to the loser of a conflict', async () => {
    await bench.database.query(INSERT, ['contended']);
    bench.script.handler = async (tx) => {
      await tx.query('set transaction isolation level repeatable read', []);
      await tx.query('select * from note', []);
      await observer.query(`update note set text = 'theirs'`);
      await tx.query(`update note set text = 'ours'`, []);
    };
    expect(await bench.commands.send(act)).toMatchObject({
      error: { code: 'TRANSACTION_ABORTED', retry: 'backoff', outcome: 'not-applied' },
    });
    expect(await texts()).toEqual([{ text: 'theirs' }]);
  });
});

it('never lets a late use into the next transaction of the only connection', async () => {
  const bench = await openBench(await freshUrl(), undefined, 1);
  const pids: number[] = [];
  let lateUses: Promise<unknown[]> | undefined;
  let goOn = (): void => {};
  const next = new Promise<void>((resolve) => (goOn = resolve));
  bench.script.handler = async (tx) => {
    pids.push(await pidOf(tx));
    lateUses = next.then(async () => [
      await failureOf(tx.query(INSERT, ['late'])),
      await failureOf(bench.publish('late', 'late')),
    ]);
  };
  await bench.commands.send(act);
  bench.script.handler = async (tx) => {
    pids.push(await pidOf(tx));
    goOn();
    await lateUses;
    await tx.query(INSERT, ['second']);
  };
  expect(await bench.commands.send(act)).toEqual({ ok: true });
  expect(await lateUses).toMatchObject([{ code: 'TRANSACTION_ENDED' }, { code: 'TRANSACTION_ENDED' }]);
  expect(pids[0]).toBe(pids[1]);
  expect(await bench.texts()).toEqual(['second']);
  expect(await bench.events('late')).toEqual([]);
});

describe('a transaction of the application', () => {
  let pool: pg.Pool;
  let bench: TransactionBench;
  let orm: Orm;
  beforeAll(async () => {
    const url = await freshUrl();
    pool = new pg.Pool({ connectionString: url, max: 3 });
    orm = new Orm(pool);
    bench = await openBench(url, orm);
  });
  afterEach(() => bench.reset());
  afterAll(() => pool.end());

  it('is what @Tx() gives, and what publish joins', async () => {
    bench.script.handler = async (handle: unknown) => {
      expect(handle).toBeInstanceOf(OrmTransaction);
      await (handle as OrmTransaction).insert('row');
      await bench.publish('own', 'event');
    };
    expect(await bench.commands.send(act)).toMatchObject({ ok: true, events: [{ channel: 'notes.own' }] });
    expect(await bench.texts()).toEqual(['row']);
    expect(await bench.events('own')).toHaveLength(1);
  });

  it('rolls both back', async () => {
    bench.script.handler = async (handle: unknown) => {
      await (handle as OrmTransaction).insert('row');
      await bench.publish('lost', 'event');
      throw new Error('swallowed');
    };
    bench.script.filter = () => 'fine';
    expect(await bench.commands.send(act)).toEqual({ ok: true, result: 'fine' });
    expect(await bench.texts()).toEqual([]);
    expect(await bench.events('lost')).toEqual([]);
  });

  it('is given anew when it is tried again after a conflict', async () => {
    orm.conflicts = 1;
    bench.script.handler = async (handle: unknown) => {
      await (handle as OrmTransaction).insert('row');
      await bench.publish('again', 'event');
    };
    const answer = await bench.commands.send(act);
    expect(answer).toMatchObject({ ok: true, events: [{ channel: 'notes.again' }] });
    expect(await bench.events('again')).toHaveLength(1);
  });

  it('that is refused at COMMIT is not applied, in whatever error the ORM wraps it', async () => {
    vi.spyOn(Logger.prototype, 'error').mockReturnValueOnce();
    bench.script.handler = async (handle: unknown) => {
      await (handle as OrmTransaction).insert('row');
      await (handle as OrmTransaction).insert('row');
    };
    expect(await bench.commands.send(act)).toMatchObject({
      error: { code: 'INTERNAL', outcome: 'not-applied' },
    });
  });
});

async function pidOf(tx: Transaction): Promise<number> {
  const [row] = await tx.query('select pg_backend_pid() as pid', []);
  return Number(row?.['pid']);
}

class OrmTransaction {
  constructor(readonly client: pg.PoolClient) {}

  async insert(text: string): Promise<void> {
    await this.client.query(INSERT, [text]);
  }
}

/** As an ORM would be used: a handle of its own, errors of its own, and another attempt after a conflict. */
class Orm implements TransactionPort<OrmTransaction> {
  /** So many commits meet one first. */
  conflicts = 0;

  constructor(private readonly pool: pg.Pool) {}

  async run<T>(work: (handle: OrmTransaction) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      const result = await work(new OrmTransaction(client));
      if (this.conflicts > 0) {
        this.conflicts--;
        await client.query('rollback');
        return await this.run(work);
      }
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback');
      throw new Error('The ORM failed', { cause: error });
    } finally {
      client.release();
    }
  }

  executor({ client }: OrmTransaction): SqlExecutor {
    return { query: async (sql, params) => (await client.query(sql, [...params])).rows as [] };
  }
}
