import type { Migration } from './migration.js';

/** Care of the partitions. One call at a time in the whole cluster; whoever finds it busy leaves it to the other. */
export const care: Migration = {
  version: 3,
  name: 'care',
  statements: (schema) => [makeFunction(schema), dropFunction(schema)],
};

export const careLockKey = (schema: string): string => `hashtextextended('millrace.care.${schema}', 0)`;

/**
 * Makes the daily partitions that are missing, from yesterday (clocks step back) to `days_ahead` days ahead. Attaching
 * a finished table takes a weaker lock than creating a partition: readers and the pass go on.
 */
export const makeFunction = (schema: string): string => `create function ${schema}.make_partitions(days_ahead int)
returns int
language plpgsql set search_path = pg_catalog set timezone = 'UTC' as $$
declare
  day date;
  made int := 0;
  part text;
begin
  perform pg_advisory_xact_lock(${careLockKey(schema)});
  for day in select d::date from generate_series(current_date - 1, current_date + days_ahead, interval '1 day') d loop
    part := 'event_' || to_char(day, 'YYYYMMDD');
    if to_regclass(format('${schema}.%I', part)) is null then
      execute format('create table ${schema}.%I (like ${schema}.event including defaults including constraints)', part);
      execute format('alter table ${schema}.event attach partition ${schema}.%I for values from (%L) to (%L)',
        part, day::timestamptz, (day + 1)::timestamptz);
      made := made + 1;
    end if;
  end loop;
  return made;
end $$`;

/** Drops the oldest partition that ended before \`cutoff\`; the answer is its name. Never waits long for readers. */
const dropFunction = (schema: string): string => `create function ${schema}.drop_partition(cutoff timestamptz)
returns text
language plpgsql set search_path = pg_catalog set timezone = 'UTC' set lock_timeout = '200ms' as $$
declare
  part text;
begin
  if not pg_try_advisory_xact_lock(${careLockKey(schema)}) then return null; end if;
  select c.relname into part from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = '${schema}.event'::regclass and to_date(right(c.relname, 8), 'YYYYMMDD') + 1 <= cutoff
  order by c.relname limit 1;
  if part is not null then execute format('drop table ${schema}.%I', part); end if;
  return part;
end $$`;
