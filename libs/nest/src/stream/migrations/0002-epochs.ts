import { lockKey, PINNED } from './0002-pinned.js';

const NEW_EPOCH = `left(replace(gen_random_uuid()::text, '-', ''), 16)`;

/** A channel whose events are there and whose row is not was lost: its offsets must not be given away again. */
export const epochFunction = (schema: string): string => `create function ${schema}.epoch_of_new(name text) returns text
${PINNED} as $$
declare
  first text := ${schema}.first_epoch(name);
begin
  if exists (select from ${schema}.event e where e.channel = name and e.epoch = first) then return ${NEW_EPOCH}; end if;
  return first;
end $$`;

/** Starts a new life of a channel, unless somebody else already did. */
export const renewFunction = (
  schema: string,
): string => `create function ${schema}.renew_epoch(channel_name text, old_epoch text) returns void
${PINNED} as $$
begin
  perform pg_advisory_xact_lock(${lockKey(schema)});
  update ${schema}.channel c set epoch = ${NEW_EPOCH}, head = 0, last_id = ''
  where c.name = channel_name and c.epoch = old_epoch;
end $$`;

/**
 * Starts a new life of every channel whose head is below its events: its row was restored without them. Looks at the
 * end of the log, when a node starts, because a look at every channel would cost each pass a third of its time.
 */
export const mendFunction = (schema: string): string => `create function ${schema}.mend_heads(newest int) returns int
${PINNED} as $$
declare
  mended int;
begin
  perform pg_advisory_xact_lock(${lockKey(schema)});
  with tops as (
    select e.channel, e.epoch, max(e."offset") as top from ${schema}.event e
    where e.pos > (select s.last_value - newest from ${schema}.event_pos s) group by e.channel, e.epoch
  ),
  lost as (
    update ${schema}.channel c set epoch = ${NEW_EPOCH}, head = 0, last_id = ''
    from tops t where c.name = t.channel and c.epoch = t.epoch and c.head < t.top
    returning 1
  )
  select count(*) into mended from lost;
  return mended;
end $$`;
