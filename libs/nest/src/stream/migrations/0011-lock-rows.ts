import { passOneFunction } from './0002-pass-one.js';
import { passFunction } from './0002-pass.js';
import { lockKey, PINNED } from './0002-pinned.js';
import { makeFunction, careLockKey } from './0003-care.js';
import { dropEndedFunction } from './0007-kept-since.js';
import { mendFunction, renewFunction } from './0008-order-of-withdrawals.js';
import type { Migration } from './migration.js';

/**
 * The lock of the pass and that of care are rows that only the owner of the schema can lock. Advisory locks have no
 * owner: a role that may connect, and nothing else, held the pass up for as long as it liked.
 */
export const lockRows: Migration = {
  version: 11,
  name: 'lock-rows',
  statements: (schema) => [
    `create table ${schema}.work_lock (what text primary key)`,
    `insert into ${schema}.work_lock (what) values ('pass'), ('care')`,
    takeFunction(schema),
    again(passFunction(schema), PASS_LOCK(schema), passLock(schema)),
    again(passOneFunction(schema), waitFor(lockKey(schema)), take(schema, 'pass')),
    again(renewFunction(schema), waitFor(lockKey(schema)), take(schema, 'pass')),
    again(mendFunction(schema), waitFor(lockKey(schema)), take(schema, 'pass')),
    again(makeFunction(schema), waitFor(careLockKey(schema)), take(schema, 'care')),
    again(
      dropEndedFunction(schema),
      `if not pg_try_advisory_xact_lock(${careLockKey(schema)}) then return null; end if;`,
      `if not ${schema}.take_lock('care', true) then return null; end if;`,
    ),
  ],
};

const waitFor = (key: string): string => `perform pg_advisory_xact_lock(${key});`;
const take = (schema: string, what: string): string => `perform ${schema}.take_lock('${what}', false);`;

/** A function as a migration before made it, with another lock. */
function again(text: string, before: string, after: string): string {
  if (!text.includes(before)) throw new Error(`There is no ${before} to replace`);
  return text.replace(/^create (?:or replace )?function/, 'create or replace function').replace(before, () => after);
}

const PASS_LOCK = (schema: string): string => `if give_up then
    if not pg_try_advisory_xact_lock(${lockKey(schema)}) then
      ran := false; more := false; return next; return;
    end if;
  else
    perform pg_advisory_xact_lock(${lockKey(schema)});
  end if;`;

/** To lock a row is to write: a poll that finds nothing to do leaves it, and costs no flush of the log. */
const passLock = (schema: string): string => `if give_up and publishes is null and not exists (
    select from ${schema}.outbox o where o.seq >= (select b.bound from ${schema}.staged_bound b)
  ) then
    ran := true; more := false;
    select s.last_value into end_pos from ${schema}.event_pos s;
    return next; return;
  end if;
  if not ${schema}.take_lock('pass', give_up) then
    ran := false; more := false; return next; return;
  end if;`;

/**
 * Calls that began before this migration hold, or wait for, the advisory lock of before. It is taken too, so that they
 * come one after the other; but only somebody who could pass is waited for. A release that comes from this one or a
 * later one needs it no more.
 */
const takeFunction = (schema: string): string => `create function ${schema}.take_lock(what_for text, give_up boolean)
returns boolean
${PINNED} as $$
declare
  former bigint := case what_for when 'pass' then ${lockKey(schema)} else ${careLockKey(schema)} end;
begin
  if give_up then
    perform from ${schema}.work_lock w where w.what = what_for for update skip locked;
    if not found then return false; end if;
  else
    perform from ${schema}.work_lock w where w.what = what_for for update;
    if not found then raise exception 'the row "%" of work_lock is missing', what_for; end if;
  end if;
  for try in 1..200 loop
    if pg_try_advisory_xact_lock(former) then return true; end if;
    if not exists (
      select from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and a.datname = current_database()
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
        and (l.classid::bigint << 32 | l.objid::bigint) = former
        and has_table_privilege(a.usesysid, '${schema}.event', 'INSERT')
    ) then return true; end if;
    if give_up then return false; end if;
    perform pg_sleep(0.025);
  end loop;
  raise exception 'a call of the release before still holds the lock of the %', what_for using errcode = '55P03';
end $$`;
