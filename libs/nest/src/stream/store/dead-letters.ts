import type { ChannelName } from '@millrace/protocol';
import type { SqlExecutor, SqlRow } from '../sql-database.port.js';

/** A staged event that could not be numbered. */
export interface DeadLetter {
  /** Its place in the outbox. A string: it may be beyond what a number holds. */
  readonly seq: string;
  readonly channel: ChannelName;
  readonly id: string;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
  /** What the database said. */
  readonly error: string;
  /** ms since 1970. */
  readonly stagedAt: number;
  readonly setAsideAt: number;
}

/** What waits to be numbered, and what never will be by itself. */
export interface OutboxSummary {
  readonly staged: number;
  /** 0 when nothing waits. */
  readonly oldestAgeMs: number;
  readonly deadLetters: number;
}

export async function selectOutbox(executor: SqlExecutor, schema: string): Promise<OutboxSummary> {
  const [row] = await executor.query(
    `select count(*)::int as staged, coalesce(extract(epoch from clock_timestamp() - min(staged_at)) * 1000, 0)::float8 as age,
  (select count(*)::int from ${schema}.dead_letter) as dead from ${schema}.outbox`,
    [],
  );
  return {
    staged: Number(row?.['staged']),
    oldestAgeMs: Math.max(0, Math.round(Number(row?.['age']))),
    deadLetters: Number(row?.['dead']),
  };
}

/** The oldest first, behind `after`. */
export async function selectDeadLetters(
  executor: SqlExecutor,
  schema: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly DeadLetter[]> {
  const rows = await executor.query(
    `select seq::text as seq, channel, id, type, data, error, (extract(epoch from staged_at) * 1000)::float8 as staged,
  (extract(epoch from set_aside_at) * 1000)::float8 as aside
from ${schema}.dead_letter where seq > $1::bigint order by seq limit $2::int`,
    [after, limit],
  );
  return rows.map(letterIn);
}

/** Stages it anew, behind what waits now; whether there was one. */
export async function retryDeadLetter(executor: SqlExecutor, schema: string, seq: string): Promise<boolean> {
  const rows = await executor.query(
    `with gone as (delete from ${schema}.dead_letter where seq = $1::bigint returning *)
insert into ${schema}.outbox (channel, id, type, data, cause, key)
select g.channel, g.id, g.type, g.data, g.cause, g.key from gone g returning id`,
    [seq],
  );
  return rows.length > 0;
}

/** Whether there was one. */
export async function dropDeadLetter(executor: SqlExecutor, schema: string, seq: string): Promise<boolean> {
  const rows = await executor.query(`delete from ${schema}.dead_letter where seq = $1::bigint returning seq`, [seq]);
  return rows.length > 0;
}

function letterIn(row: SqlRow): DeadLetter {
  return {
    seq: String(row['seq']),
    channel: String(row['channel']) as ChannelName,
    id: String(row['id']),
    type: String(row['type']),
    data: String(row['data']),
    error: String(row['error']),
    stagedAt: Math.round(Number(row['staged'])),
    setAsideAt: Math.round(Number(row['aside'])),
  };
}
