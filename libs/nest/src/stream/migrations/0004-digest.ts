import type { Migration } from './migration.js';

/**
 * What was added to the log. A function, because its plan has to be pinned: it runs twice a second on every node, and
 * with statistics that are a day old the planner takes "nearly nothing" for a third of the table.
 */
export const digest: Migration = {
  version: 4,
  name: 'digest',
  statements: (schema) => [
    `create function ${schema}.digest(after_pos bigint) returns table (
  end_pos bigint, end_id text, anchor_id text, name text, epoch text, head bigint, last_id text, last_time bigint
)
language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
set search_path = pg_catalog as $$
begin
  return query
  with
  log_end as (select e.pos, e.id from ${schema}.event e order by e.pos desc limit 1),
  added as materialized (select distinct e.channel from ${schema}.event e where e.pos > after_pos)
  select (select l.pos from log_end l), (select l.id from log_end l),
    (select e.id from ${schema}.event e where e.pos = after_pos limit 1),
    c.name, c.epoch, c.head, c.last_id, (extract(epoch from c.last_ts) * 1000)::bigint
  from (values (true)) one left join (
    added a cross join lateral (select r.* from ${schema}.channel r where r.name = a.channel limit 1) c
  ) on true;
end $$`,
  ],
};
