import { lockKey, PINNED } from './0002-pinned.js';

/**
 * Numbers the oldest staged row alone, or sets it aside with the error that it causes. Which errors blame the row is
 * for the caller to know: it asks only after it saw one.
 */
export const passOneFunction = (schema: string): string => `create function ${schema}.pass_one()
returns table (ran boolean, more boolean, end_pos bigint, numbered json, direct json, dead_seq bigint)
${PINNED} as $$
declare
  broken_constraint text;
begin
  perform pg_advisory_xact_lock(${lockKey(schema)});
  dead_seq := null;
  begin
    select p.* into ran, more, end_pos, numbered, direct from ${schema}.pass(false, 1, 1, null, 0) p;
    return next; return;
  exception when data_exception or integrity_constraint_violation or program_limit_exceeded or raise_exception then
    get stacked diagnostics broken_constraint = constraint_name;
    -- No partition for this time: not the fault of the row.
    if sqlstate = '23514' and broken_constraint = '' then raise; end if;
    ran := true; more := true; numbered := null; direct := null;
    with bad as (
      delete from ${schema}.outbox o
      where o.seq = (
        select s.seq from ${schema}.outbox s
        where s.seq >= (select b.bound from ${schema}.staged_bound b) order by s.seq limit 1
      )
      returning o.*
    )
    insert into ${schema}.dead_letter (seq, channel, id, type, data, cause, key, staged_at, error)
    select b.seq, b.channel, b.id, b.type, b.data, b.cause, b.key, b.staged_at, sqlerrm from bad b
    returning seq into dead_seq;
    select s.last_value into end_pos from ${schema}.event_pos s;
  end;
  return next;
end $$`;
