import { sql, type SQL } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { pgTable, text as textColumn } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { fromDrizzle } from '../../../stream/drizzle/drizzle-transactions.js';
import type { SqlExecutor } from '../../../stream/sql-database.port.js';
import type { OrmUnderTest } from './orm-under-test.js';

const note = pgTable('note', { text: textColumn().notNull() });
const schema = { note };
type Database = NodePgDatabase<typeof schema>;
type Handle = Parameters<Parameters<Database['transaction']>[0]>[0];

export function drizzleUnderTest(connectionString: string, max: number): OrmUnderTest<Handle> {
  const pool = new pg.Pool({ connectionString, max, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => {});
  const db = drizzle(pool, { schema });
  return {
    transactions: fromDrizzle(db),
    statementTimeout: '11s',
    query: (tx, statement, params) => executorOn(tx).query(statement, params),
    build: (tx, text) => {
      const insert = tx.insert(note).values({ text });
      const prepared = insert.prepare('insert_note');
      const raw = tx.execute(sql`insert into note (text) values (${text})`);
      const find = tx.query.note.findFirst();
      return [
        async () => insert,
        () => prepared.execute(),
        async () => raw,
        async () => find,
        async () => tx.insert(note).values({ text }),
        () => tx.transaction((inner) => inner.insert(note).values({ text })),
      ];
    },
    withSavepoint: (tx, work) => tx.transaction((inner) => work(executorOn(inner))).catch(() => {}),
    besides: (work) => db.transaction((tx) => work(executorOn(tx))),
    stop: () => pool.end(),
  };
}

function executorOn(tx: Pick<Database, 'execute'>): SqlExecutor {
  return { query: async (statement, params) => (await tx.execute(withParams(statement, params))).rows };
}

/** Drizzle writes the numbers of parameters itself. */
function withParams(statement: string, params: readonly unknown[]): SQL {
  const parts = statement.split(/\$(\d+)/);
  return sql.join(parts.map((part, i) => (i % 2 === 0 ? sql.raw(part) : sql`${sql.param(params[Number(part) - 1])}`)));
}
