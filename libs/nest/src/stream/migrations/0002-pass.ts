import { epochFunction, mendFunction, renewFunction } from './0002-epochs.js';
import { passOneFunction } from './0002-pass-one.js';
import { lockKey, PINNED } from './0002-pinned.js';
import type { Migration } from './migration.js';

/**
 * The pass: the one way into the stream.
 *
 *     lock ─▶ snapshot ─▶ take staged ─▶ number ─▶ store ─▶ COMMIT ─▶ unlock
 *
 * The lock lives and dies with the call, so neither a frozen process nor a slow network ever holds it. Each statement
 * in a volatile function sees what was committed when it starts; under REPEATABLE READ it would see what was committed
 * before the lock was free, hence the refusal.
 *
 * The plans are pinned: with the statistics of an empty outbox the planner would choose to read all of a full one. For
 * the same reason every look into a table is a subquery of one row, which no join over the whole table can replace. A
 * forbidden sequential scan costs so much on paper that the compiler for long queries would start: 800 ms a pass.
 */
export const pass: Migration = {
  version: 2,
  name: 'pass',
  statements: (schema) => [
    epochFunction(schema),
    passFunction(schema),
    passOneFunction(schema),
    renewFunction(schema),
    mendFunction(schema),
  ],
};

export const passFunction = (schema: string): string => `create function ${schema}.pass(
  give_up boolean, max_events int, max_bytes bigint, publishes text, known_after bigint
) returns table (ran boolean, more boolean, end_pos bigint, numbered json, direct json)
${PINNED} as $$
declare
  lower_bound bigint;
  next_bound bigint;
  next_fence xid8;
  xmin_before xid8;
  pass_time timestamptz;
  first_pos bigint;
  last_seq bigint;
  added bigint;
  known_events json;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'a pass runs in READ COMMITTED only' using errcode = '25001';
  end if;
  if give_up then
    if not pg_try_advisory_xact_lock(${lockKey(schema)}) then
      ran := false; more := false; return next; return;
    end if;
  else
    perform pg_advisory_xact_lock(${lockKey(schema)});
  end if;

  ran := true;
  more := false;
  select b.bound, b.candidate, b.fence, pg_snapshot_xmin(pg_current_snapshot())
  into lower_bound, next_bound, next_fence, xmin_before from ${schema}.staged_bound b;
  select s.last_value into end_pos from ${schema}.event_pos s;
  if publishes is null and not exists (select from ${schema}.outbox o where o.seq >= lower_bound) then
    return next; return;
  end if;

  -- A publish whose answer was lost, or whose first call comes only now, after it was tried again.
  if publishes is not null and end_pos > known_after then
    select json_agg(k) into known_events from (
      select e.channel, e.id, e.epoch, e."offset" from ${schema}.event e
      where e.pos > known_after and e.id in (select d.id from json_to_recordset(publishes::json) as d(id text))
    ) k;
  end if;

  pass_time := date_trunc('milliseconds', clock_timestamp());
  first_pos := nextval('${schema}.event_pos');

  with
  oldest as materialized (
    select o.seq, octet_length(o.data) as bytes from ${schema}.outbox o
    where o.seq >= lower_bound order by o.seq limit max_events + 1
  ),
  sized as materialized (
    select seq, row_number() over w as nth, sum(bytes) over w - bytes as bytes_before from oldest window w as (order by seq)
  ),
  cut as materialized (
    select coalesce(max(seq) filter (where fits), lower_bound - 1) as last_seq, coalesce(bool_or(not fits), false) as more
    from (select seq, nth <= max_events and (nth = 1 or bytes_before < max_bytes) as fits from sized) s
  ),
  taken as (
    delete from ${schema}.outbox o where o.seq >= lower_bound and o.seq <= (select c.last_seq from cut c)
      and o.seq in (select s.seq from sized s)
    returning o.seq, o.channel, o.id, o.type, o.data, o.cause, o.key
  ),
  asked as materialized (
    select d.* from rows from (
      json_to_recordset(publishes::json) as (channel text, id text, type text, data text, cause jsonb, key text)
    ) with ordinality as d(channel, id, type, data, cause, key, nth)
  ),
  known as materialized (
    select * from json_to_recordset(known_events) as (channel text, id text, epoch text, "offset" bigint)
  ),
  waiting as materialized (
    select d.nth from asked d, cut c
    where c.more and (
      select true from ${schema}.outbox o where o.channel = d.channel and o.seq > c.last_seq order by o.seq limit 1
    )
  ),
  incoming as materialized (
    select 0 as rank, t.seq as nth, t.* from taken t
    union all
    select 1, d.nth, null, d.channel, d.id, d.type, d.data, d.cause, d.key from asked d
    where d.nth not in (select w.nth from waiting w)
      and not exists (select from known k where k.id = d.id and k.channel = d.channel)
  ),
  repeated as materialized (
    select i.rank, i.nth from (
      select rank, nth, channel, key, row_number() over (partition by channel, key order by rank, nth) as copy
      from incoming where key is not null
    ) i
    where i.copy > 1 or (select true from ${schema}.publish_key k where k.channel = i.channel and k.key = i.key)
  ),
  placed as materialized (
    select i.*, row_number() over (partition by channel order by rank, nth) as step,
      lag(id) over (partition by channel order by rank, nth) as id_before,
      row_number() over (order by rank, nth) as place
    from incoming i where not exists (select from repeated r where r.rank = i.rank and r.nth = i.nth)
  ),
  counted as materialized (
    select channel, count(*) as added, (array_agg(id order by step desc))[1] as last_id from placed group by channel
  ),
  heads as materialized (
    select n.channel, n.added, n.last_id, greatest(pass_time, c.last_ts) as ts,
      coalesce(c.epoch, ${schema}.epoch_of_new(n.channel)) as epoch, coalesce(c.head, 0) as head,
      coalesce(c.last_id, '') as last_id_before
    from counted n left join lateral (
      select r.epoch, r.head, r.last_id, r.last_ts from ${schema}.channel r where r.name = n.channel limit 1
    ) c on true
  ),
  moved as (
    insert into ${schema}.channel as c (name, epoch, head, last_id, last_ts)
    select h.channel, h.epoch, h.head + h.added, h.last_id, h.ts from heads h order by h.channel
    on conflict (name) do update set epoch = excluded.epoch, head = excluded.head, last_id = excluded.last_id,
      last_ts = excluded.last_ts
  ),
  stored as (
    insert into ${schema}.event (pos, channel, epoch, "offset", id, type, data, cause, ts)
    select first_pos + p.place - 1, p.channel, h.epoch, h.head + p.step, p.id, p.type, p.data, p.cause, h.ts
    from placed p join heads h on h.channel = p.channel order by p.place
  ),
  keyed as (
    insert into ${schema}.publish_key (channel, key, epoch, "offset", id, ts)
    select p.channel, p.key, h.epoch, h.head + p.step, p.id, h.ts
    from placed p join heads h on h.channel = p.channel where p.key is not null
  )
  select c.more, c.last_seq, (select count(*) from placed),
    (select json_agg(json_build_array(
        p.channel, h.epoch, h.head + p.step, p.id, coalesce(p.id_before, h.last_id_before),
        (extract(epoch from h.ts) * 1000)::bigint, first_pos + p.place - 1, p.rank
      ) order by p.place) from placed p join heads h on h.channel = p.channel),
    (select json_agg(case
        when k.id is not null then json_build_array(k.id, k.epoch, k."offset")
        when p.id is not null then json_build_array(p.id, h.epoch, h.head + p.step)
        when w.nth is not null then null
        when f.id is not null then json_build_array(f.id, fh.epoch, fh.head + f.step)
        else (
          select json_build_array(o.id, o.epoch, o."offset") from ${schema}.publish_key o
          where o.channel = d.channel and o.key = d.key
        )
      end order by d.nth)
      from asked d
      left join known k on k.channel = d.channel and k.id = d.id
      left join placed p on p.rank = 1 and p.nth = d.nth
      left join heads h on h.channel = p.channel
      left join waiting w on w.nth = d.nth
      left join placed f on f.channel = d.channel and f.key = d.key
      left join heads fh on fh.channel = f.channel)
  into more, last_seq, added, numbered, direct from cut c;

  end_pos := first_pos + added - 1;
  if added > 1 then perform setval('${schema}.event_pos', end_pos); end if;

  -- Dead rows below the bound are not looked at again. A lower seq may still commit late, so the bound follows in three
  -- passes: the first has drained the outbox and names a candidate; every transaction that drew a seq below it has an
  -- id below the fence, the second one's own id; the third, when all of those have ended, has seen their rows.
  if not more then
    if next_fence <= xmin_before then
      update ${schema}.staged_bound set bound = next_bound, candidate = null, fence = null;
    elsif next_bound is not null and next_fence is null then
      update ${schema}.staged_bound set fence = pg_current_xact_id();
    elsif next_bound is null and last_seq + 1 >= lower_bound + 1000 then
      update ${schema}.staged_bound set candidate = last_seq + 1;
    end if;
  end if;
  return next;
end $$`;
