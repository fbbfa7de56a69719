import type { Client } from 'pg';

/** Makes `millrace.pass_faulty` of the real pass, with `real` replaced. */
export async function plantInPass(client: Client, real: RegExp, faulty: string): Promise<void> {
  const { rows } = await client.query<{ body: string }>(
    `select pg_get_functiondef(oid) as body from pg_proc where proname = 'pass' and pronamespace = 'millrace'::regnamespace`,
  );
  const body = rows[0]?.body ?? '';
  if (!real.test(body)) throw new Error('The fault does not fit the pass any more');
  await client.query(body.replace('millrace.pass(', 'millrace.pass_faulty(').replace(real, faulty));
}

/**
 * Numbers inside the writer's own transaction: offsets without holes, but `pos` is drawn long before the commit. Writers
 * stand still in between for unequal times, or a busy machine may let each of them finish before the next one draws.
 */
export async function plantEarlyNumbering(client: Client): Promise<void> {
  await client.query(`create function millrace.stage_early(channel text, id text, type text, data text) returns void
language sql as $$
  with head as (
    insert into millrace.channel as c (name, epoch, head, last_id, last_ts)
    values ($1, millrace.first_epoch($1), 1, $2, clock_timestamp())
    on conflict (name) do update set head = c.head + 1, last_id = excluded.last_id,
      last_ts = greatest(c.last_ts, excluded.last_ts)
    returning *
  )
  insert into millrace.event (pos, channel, epoch, "offset", id, type, data, ts)
  select nextval('millrace.event_pos'), $1, h.epoch, h.head, $2, $3, $4, h.last_ts from head h;
  select pg_sleep(0.03 * random())
$$`);
}
