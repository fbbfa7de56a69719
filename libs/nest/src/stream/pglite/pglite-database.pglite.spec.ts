import { AsyncResource } from 'node:async_hooks';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { settled } from '../../core/testing/fake-clock.js';
import type { SqlExecutor } from '../sql-database.port.js';
import { failureOf } from '../testing/failure-of.js';
import { sqlDatabaseContract } from '../testing/sql-database.contract.js';
import { DatabaseTransactions } from '../transaction/database-transactions.js';
import { TransactionRun } from '../transaction/transaction-run.js';
import { PgliteDatabase } from './pglite-database.js';

sqlDatabaseContract('PGlite', async () => new PgliteDatabase());

const database = new PgliteDatabase();
const outside = new AsyncResource('outside');
afterAll(() => database.stop());

/** Somebody else's request: a context in which no transaction is open. */
const elsewhere = <T>(work: () => T): T => outside.runInAsyncScope(work);

it('lets the queries of others, and the pass, wait for the end of a transaction', async () => {
  const order: string[] = [];
  const transaction = await database.begin();
  const others = elsewhere(() =>
    Promise.all([
      database.query('select 1', []).then(() => order.push('query')),
      database.pass.query('select 1', []).then(() => order.push('pass')),
    ]),
  );
  await transaction.query('select 1', []);
  order.push('inside');
  await transaction.commit();
  await others;
  expect(order).toEqual(['inside', 'query', 'pass']);
});

it('refuses at once what would wait for its own transaction', async () => {
  const transaction = await database.begin();
  await expect(database.query('select 1', [])).rejects.toThrow('one connection');
  await expect(database.script('select 1')).rejects.toThrow('one connection');
  await expect(database.begin()).rejects.toThrow('one connection');
  await transaction.rollback();
  expect(await database.query('select 1 as one', [])).toEqual([{ one: 1 }]);
});

it('refuses it too where a repository began the transaction, in a context that its caller does not inherit', async () => {
  const run = new TransactionRun(new DatabaseTransactions(database), 10);
  const repository = async (handle: SqlExecutor): Promise<void> => {
    await settled();
    await handle.query('select 1', []);
  };
  const handler = async (handle: unknown): Promise<unknown> => {
    await settled();
    await repository(handle as SqlExecutor);
    return failureOf(database.query('select 1', []));
  };
  const refused = await run.run((handle, unit) => database.ambient.run({ cause: {}, unit }, () => handler(handle)));
  expect(refused).toMatchObject({ message: expect.stringContaining('one connection') as string });
});

it('lets the pass stand in line behind the transaction that kicked it', async () => {
  const transaction = await database.begin();
  const pass = database.pass.query('select 2 as two', []);
  await transaction.commit();
  expect(await pass).toEqual([{ two: 2 }]);
});

it('keeps a database in its folder', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-pglite-'));
  const first = new PgliteDatabase({ dataDir });
  await first.script('create table kept as select 1 as one');
  await first.stop();
  const second = new PgliteDatabase({ dataDir });
  expect(await second.query('select one from kept', [])).toEqual([{ one: 1 }]);
  await second.stop();
  await rm(dataDir, { recursive: true });
});
