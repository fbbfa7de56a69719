import type { Migration } from './migration.js';

/**
 * What is no longer kept is decided here, by the clock of the database, and never by a moment that a node names. The
 * node tells its own time as a second opinion: the earlier of the two counts, so that one wrong clock keeps rows
 * longer and cannot drop them early. A retention is above zero, so neither today nor the future is ever reached.
 */
export const keptSince: Migration = {
  version: 7,
  name: 'kept-since',
  statements: (schema) => [
    `alter table ${schema}.settings add column longest_retention_ms bigint not null default 0`,
    keptSinceFunction(schema),
    dropEndedFunction(schema),
    dropExpiredFunction(schema),
    dropPartitionFunction(schema),
  ],
};

/** The lock of partition care, as migration 3 has it. */
const lockKey = (schema: string): string => `hashtextextended('millrace.care.${schema}', 0)`;

const keptSinceFunction = (schema: string): string => `create function ${schema}.kept_since(
  retention_ms bigint, node_time timestamptz
) returns timestamptz
language plpgsql stable set search_path = pg_catalog as $$
begin
  if retention_ms is null or retention_ms <= 0 then
    raise exception 'a retention is above 0 ms, not %', retention_ms using errcode = '22023';
  end if;
  return least(now(), node_time) - retention_ms * interval '1 ms';
end $$`;

/** Drops the oldest partition whose last day ended before \`kept_since\`. Never waits long for readers. */
export const dropEndedFunction = (
  schema: string,
): string => `create function ${schema}.drop_ended(kept_since timestamptz)
returns text
language plpgsql set search_path = pg_catalog set timezone = 'UTC' set lock_timeout = '200ms' as $$
declare
  part text;
begin
  if not pg_try_advisory_xact_lock(${lockKey(schema)}) then return null; end if;
  select c.relname into part from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = '${schema}.event'::regclass and to_date(right(c.relname, 8), 'YYYYMMDD') + 1 <= kept_since
  order by c.relname limit 1;
  if part is not null then execute format('drop table ${schema}.%I', part); end if;
  return part;
end $$`;

/** One step of a node's care; the answer is the name of the partition, or null when there is nothing to drop. */
const dropExpiredFunction = (schema: string): string => `create function ${schema}.drop_expired(
  retention_ms bigint, node_time timestamptz
) returns text
language sql volatile as $$
  select ${schema}.drop_ended(${schema}.kept_since(retention_ms, node_time))
$$`;

/**
 * Nodes of the release before name a moment, by their own clock. It counts only as far as the longest retention that a
 * node of this release has told allows; where none has told one yet, yesterday stays too.
 */
const dropPartitionFunction = (
  schema: string,
): string => `create or replace function ${schema}.drop_partition(cutoff timestamptz)
returns text
language sql volatile as $$
  select ${schema}.drop_ended(
    least(cutoff, ${schema}.kept_since(greatest(s.longest_retention_ms, 86400000), null))
  ) from ${schema}.settings s
$$`;
