import { lockKey, PINNED } from './0002-pinned.js';
import type { Migration } from './migration.js';

/**
 * What a pass has to tell of withdrawals, and what the digest has to tell of channels that start a new life without an
 * event: a renewal takes a place in the log as an event does, so that a look behind that place finds it.
 */
export const orderOfWithdrawals: Migration = {
  version: 8,
  name: 'order-of-withdrawals',
  statements: (schema) => [
    accessFunction(schema),
    // As long as a node may stand at one of them; it looks twice a second.
    `create table ${schema}.renewal (
  pos bigint primary key,
  channel text collate "C" not null,
  epoch text collate "C" not null,
  ts timestamptz not null default clock_timestamp()
)`,
    renewFunction(schema),
    mendFunction(schema),
    logEndFunction(schema),
    digestFunction(schema),
  ],
};

/** Volatile, so that it sees what the pass before it in the same statement has done, and what that waited for. */
const accessFunction = (schema: string): string => `create function ${schema}.access_head() returns json
${PINNED} as $$
declare
  newest json;
begin
  select json_build_array(c.last_id, c.epoch, c.head) into newest
  from ${schema}.channel c where c.name = '_millrace.access';
  return coalesce(newest, json_build_array('', ${schema}.first_epoch('_millrace.access'), 0));
end $$`;

const NEW_EPOCH = `left(replace(gen_random_uuid()::text, '-', ''), 16)`;

const forgetFormer = (schema: string): string =>
  `delete from ${schema}.renewal r where r.ts < clock_timestamp() - interval '7 days'`;

export const renewFunction = (
  schema: string,
): string => `create or replace function ${schema}.renew_epoch(channel_name text, old_epoch text) returns void
${PINNED} as $$
begin
  perform pg_advisory_xact_lock(${lockKey(schema)});
  ${forgetFormer(schema)};
  with lost as (
    update ${schema}.channel c set epoch = ${NEW_EPOCH}, head = 0, last_id = ''
    where c.name = channel_name and c.epoch = old_epoch returning c.name, c.epoch
  )
  insert into ${schema}.renewal (pos, channel, epoch)
  select nextval('${schema}.event_pos'), l.name, l.epoch from lost l;
end $$`;

export const mendFunction = (
  schema: string,
): string => `create or replace function ${schema}.mend_heads(newest int) returns int
${PINNED} as $$
declare
  mended int;
begin
  perform pg_advisory_xact_lock(${lockKey(schema)});
  ${forgetFormer(schema)};
  with tops as (
    select e.channel, e.epoch, max(e."offset") as top from ${schema}.event e
    where e.pos > (select s.last_value - newest from ${schema}.event_pos s) group by e.channel, e.epoch
  ),
  lost as (
    update ${schema}.channel c set epoch = ${NEW_EPOCH}, head = 0, last_id = ''
    from tops t where c.name = t.channel and c.epoch = t.epoch and c.head < t.top
    returning c.name, c.epoch
  ),
  told as (
    insert into ${schema}.renewal (pos, channel, epoch)
    select nextval('${schema}.event_pos'), l.name, l.epoch from lost l returning 1
  )
  select count(*) into mended from told;
  return mended;
end $$`;

/** The last place of the log, an event's or a renewal's; no row before the first one. */
const logEndFunction = (schema: string): string => `create function ${schema}.log_end()
returns table (end_pos bigint, end_id text)
${PINNED.replace('volatile', 'stable')} as $$
begin
  return query select l.pos, l.id from (
    (select e.pos, e.id from ${schema}.event e order by e.pos desc limit 1)
    union all
    (select r.pos, r.epoch from ${schema}.renewal r order by r.pos desc limit 1)
  ) l order by l.pos desc limit 1;
end $$`;

/** As before, with the channels that were renewed. */
const digestFunction = (
  schema: string,
): string => `create or replace function ${schema}.digest(after_pos bigint) returns table (
  end_pos bigint, end_id text, anchor_id text, name text, epoch text, head bigint, last_id text, last_time bigint
)
${PINNED.replace('volatile', 'stable')} as $$
begin
  return query
  with
  log_end as materialized (select l.end_pos as pos, l.end_id as id from ${schema}.log_end() l),
  added as materialized (
    select e.channel from ${schema}.event e where e.pos > after_pos
    union
    select r.channel from ${schema}.renewal r where r.pos > after_pos
  )
  select (select l.pos from log_end l), (select l.id from log_end l),
    coalesce(
      (select e.id from ${schema}.event e where e.pos = after_pos limit 1),
      (select r.epoch from ${schema}.renewal r where r.pos = after_pos limit 1)
    ),
    c.name, c.epoch, c.head, c.last_id, (extract(epoch from c.last_ts) * 1000)::bigint
  from (values (true)) one left join (
    added a cross join lateral (select r.* from ${schema}.channel r where r.name = a.channel limit 1) c
  ) on true;
end $$`;
