import type { ChannelName } from '@millrace/protocol';
import type { DeadLetter, OutboxPage, OutboxSummary, StagedEvent } from '../outbox.port.js';
import type { SqlExecutor, SqlRow } from '../sql-database.port.js';

/** Bounded from below as the pass is, or dead rows of the outbox would be looked at; and from above. */
export async function selectOutbox(executor: SqlExecutor, schema: string): Promise<OutboxSummary> {
  const [row] = await executor.query(
    `select count(*)::int as staged,
  coalesce(extract(epoch from clock_timestamp() - min(w.staged_at)) * 1000, 0)::float8 as age,
  (select count(*)::int from (select 1 from ${schema}.dead_letter limit 100000) d) as dead
from (
  select o.staged_at from ${schema}.outbox o
  where o.seq >= (select b.bound from ${schema}.staged_bound b) order by o.seq limit 100000
) w`,
    [],
  );
  return {
    staged: Number(row?.['staged']),
    oldestAgeMs: Math.max(0, Math.round(Number(row?.['age']))),
    deadLetters: Number(row?.['dead']),
  };
}

export async function selectStaged(
  executor: SqlExecutor,
  schema: string,
  { after, maxEvents, maxBytes }: OutboxPage,
): Promise<readonly StagedEvent[]> {
  const rows = await executor.query(
    `select p.* from (
  select f.*, sum(octet_length(f.data)) over (order by f.place) - octet_length(f.data) as bytes_before
  from (
    select o.seq as place, o.seq::text as seq, o.channel, o.id, o.type, o.data,
      (extract(epoch from o.staged_at) * 1000)::float8 as staged
    from ${schema}.outbox o
    where o.seq > $1::bigint and o.seq >= (select b.bound from ${schema}.staged_bound b)
    order by o.seq limit $2::int
  ) f
) p where p.bytes_before < $3::bigint order by p.place`,
    [after, maxEvents, maxBytes],
  );
  return rows.map(stagedIn);
}

export async function selectDeadLetters(
  executor: SqlExecutor,
  schema: string,
  { after, maxEvents, maxBytes }: OutboxPage,
): Promise<readonly DeadLetter[]> {
  const rows = await executor.query(
    `select p.* from (
  select f.*, sum(octet_length(f.data)) over (order by f.place) - octet_length(f.data) as bytes_before
  from (
    select d.seq as place, d.seq::text as seq, d.channel, d.id, d.type, d.data, d.error,
      (extract(epoch from d.staged_at) * 1000)::float8 as staged,
      (extract(epoch from d.set_aside_at) * 1000)::float8 as aside
    from ${schema}.dead_letter d where d.seq > $1::bigint order by d.seq limit $2::int
  ) f
) p where p.bytes_before < $3::bigint order by p.place`,
    [after, maxEvents, maxBytes],
  );
  return rows.map((row) => ({
    ...stagedIn(row),
    error: String(row['error']),
    setAsideAt: Math.round(Number(row['aside'])),
  }));
}

/** Whether there was one. It gets a new place, and with it one in the order behind what waits now. */
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

const stagedIn = (row: SqlRow): StagedEvent => ({
  seq: String(row['seq']),
  channel: String(row['channel']) as ChannelName,
  id: String(row['id']),
  type: String(row['type']),
  data: String(row['data']),
  stagedAt: Math.round(Number(row['staged'])),
});
