import pg from 'pg';
import Cursor from 'pg-cursor';
import { fromPg } from '../../../stream/pg/pg-transactions.js';
import type { SqlExecutor, SqlRow } from '../../../stream/sql-database.port.js';
import type { OrmUnderTest } from './orm-under-test.js';
import { INSERT } from '../note-table.js';

export function pgUnderTest(connectionString: string, max: number): OrmUnderTest<pg.PoolClient> {
  const pool = new pg.Pool({ connectionString, max, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => {});
  const executorOn = (client: pg.PoolClient): SqlExecutor => ({
    query: async (sql, params) => (await client.query<SqlRow>(sql, [...params])).rows,
  });
  return {
    transactions: fromPg<pg.PoolClient>(pool),
    statementTimeout: '11s',
    query: (client, sql, params) => executorOn(client).query(sql, params),
    build: (client, text) => {
      const query = client.query.bind(client);
      const inCallback = (done: (error: Error | undefined) => void): void => client.query(INSERT, [text], done);
      return [
        () => client.query(INSERT, [text]),
        () => query(INSERT, [text]),
        () => client.query({ text: INSERT, values: [text] }),
        () => new Promise<void>((resolve, reject) => inCallback((error) => (error ? reject(error) : resolve()))),
      ];
    },
    withSavepoint: async (client, work) => {
      await client.query('savepoint before');
      await work(executorOn(client)).catch(() => client.query('rollback to savepoint before'));
    },
    stream: rowsOf,
    besides: async (work) => {
      const client = await pool.connect();
      await client.query('begin');
      await work(executorOn(client));
      await client.query('commit');
      client.release();
    },
    stop: () => pool.end(),
  };
}

async function* rowsOf(client: pg.PoolClient, sql: string): AsyncIterable<unknown> {
  const cursor = client.query(new Cursor(sql));
  for (let page = await cursor.read(1); page.length > 0; page = await cursor.read(1)) yield* page;
}
