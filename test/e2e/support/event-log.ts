import type pg from 'pg';
import type { LoggedEvent } from './journal-check.js';

/** Nodes publish there too, whenever they like. */
const NOT_OWN = `channel not like '\\_millrace.%'`;

/** What was published by the application, in the order in which it was numbered. */
export async function readLog(sql: pg.Pool): Promise<readonly LoggedEvent[]> {
  const { rows } = await sql.query<LoggedEvent>(
    `select channel, epoch, "offset"::int as "offset", id, type, data from millrace.event where ${NOT_OWN} order by pos`,
  );
  return rows;
}

export async function stagedEvents(sql: pg.Pool): Promise<number> {
  const { rows } = await sql.query<{ count: number }>(
    `select count(*)::int as count from millrace.outbox where ${NOT_OWN}`,
  );
  return rows[0]?.count ?? 0;
}

/** Publishes by SQL, like a program without Millrace: the node hears of it only by its poll. */
export async function publishBySql(
  sql: pg.Pool,
  { channel, type, count = 1, padding = 0 }: { channel: string; type: string; count?: number; padding?: number },
): Promise<void> {
  await sql.query(
    `select count(millrace.publish($1, $2, jsonb_build_object('text', $1 || ' ' || n, 'author', 'sql', 'padding', repeat('x', $4))))
     from generate_series(1, $3::int) n`,
    [channel, type, count, padding],
  );
}
