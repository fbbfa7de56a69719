import { CompiledQuery, Kysely, PostgresDialect, sql, type QueryExecutorProvider, type Transaction } from 'kysely';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { fromKysely } from '../../../stream/kysely/kysely-transactions.js';
import type { SqlExecutor, SqlRow } from '../../../stream/sql-database.port.js';
import type { OrmUnderTest } from './orm-under-test.js';

export interface Notes {
  readonly note: { readonly text: string };
}

export function kyselyUnderTest(connectionString: string, max: number): OrmUnderTest<Transaction<Notes>> {
  const pool = new pg.Pool({ connectionString, max, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => {});
  // Kysely leaves a client that it works with without a listener: one that breaks meanwhile would end the process.
  pool.on('connect', (client) => void client.on('error', () => {}));
  const db = new Kysely<Notes>({ dialect: new PostgresDialect({ pool, cursor: Cursor }) });
  return {
    transactions: fromKysely(db),
    statementTimeout: '0',
    query: (tx, statement, params) => executorOn(tx).query(statement, params),
    build: (tx, text) => {
      const insert = tx.insertInto('note').values({ text });
      const compiled = insert.compile();
      const inSchema = tx.withSchema('public').insertInto('note').values({ text });
      return [
        () => insert.execute(),
        () => tx.executeQuery(compiled),
        () => inSchema.execute(),
        () => sql`insert into note (text) values (${text})`.execute(tx),
        () => tx.insertInto('note').values({ text }).execute(),
      ];
    },
    withSavepoint: async (tx, work) => {
      await sql`savepoint before`.execute(tx);
      await work(executorOn(tx)).catch(() => sql`rollback to savepoint before`.execute(tx));
    },
    stream: async function* (tx, statement) {
      for await (const { rows } of tx.getExecutor().stream(CompiledQuery.raw(statement), 1)) yield* rows;
    },
    besides: (work) => db.transaction().execute((tx) => work(executorOn(tx))),
    stop: () => db.destroy(),
  };
}

function executorOn(tx: QueryExecutorProvider): SqlExecutor {
  return {
    query: async (statement, params) => {
      const { rows } = await tx.getExecutor().executeQuery<SqlRow>(CompiledQuery.raw(statement, [...params]));
      return rows;
    },
  };
}
