import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../../test/support/fresh-database.js';
import type { SqlStreamStore } from '../store/sql-stream-store.js';
import { newChannel, newEvent, StreamHarness } from '../testing/stream-harness.js';
import { PgDatabase } from './pg-database.js';

/** What roles can do that have the grants of docs/operations.md, or none. */
describe('a role of PostgreSQL', () => {
  const suffix = randomBytes(4).toString('hex');
  const roles = { shop: `shop_${suffix}`, moderation: `moderation_${suffix}`, stranger: `stranger_${suffix}` };
  let fresh: FreshDatabase;
  let harness: StreamHarness;
  let store: SqlStreamStore;
  let admin: pg.Client;
  const clients: pg.Client[] = [];

  beforeAll(async () => {
    fresh = await createDatabase();
    const times = { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 };
    const database = new PgDatabase({ connectionString: fresh.url }, times);
    harness = new StreamHarness(database, () => database.stop());
    store = await harness.openStore();
    admin = new pg.Client({ connectionString: fresh.url });
    await admin.connect();
    for (const role of Object.values(roles)) await admin.query(`create role ${role} login password '${suffix}'`);
    await admin.query(`grant usage on schema millrace to ${roles.shop}, ${roles.moderation};
grant insert (channel, type, data, key), select (id) on millrace.outbox to ${roles.shop};
grant execute on function millrace.withdraw_access(text, text) to ${roles.moderation};`);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
  });
  afterAll(async () => {
    await harness.close();
    for (const role of Object.values(roles)) await admin.query(`drop owned by ${role}; drop role ${role}`);
    await admin.end();
    await fresh.drop();
  });

  async function as(role: keyof typeof roles): Promise<pg.Client> {
    const url = new URL(fresh.url);
    url.username = roles[role];
    url.password = suffix;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    clients.push(client);
    return client;
  }
  const DENIED = { code: '42501' };
  const publish = `select millrace.publish($1, 'order.placed', '1')`;

  it('that publishes publishes on every channel but those of the nodes', async () => {
    const shop = await as('shop');
    const channel = newChannel('shop');
    await shop.query(publish, [channel]);
    const { batches } = await store.pass([], 'wait');
    expect(batches).toMatchObject([{ channel, events: [{ type: 'order.placed' }] }]);
    await expect(shop.query(publish, ['_millrace.access'])).rejects.toMatchObject({ code: '23514' });
    const own = `insert into millrace.outbox (channel, type, data, cause) values ($1, 'x', '1', '{}')`;
    await expect(shop.query(own, ['_millrace.access'])).rejects.toMatchObject(DENIED);
    await expect(shop.query(`select millrace.withdraw_access('ann')`)).rejects.toMatchObject(DENIED);
  });

  it('that withdraws access can do nothing else, and nothing of its own stands in for what the function calls', async () => {
    const moderation = await as('moderation');
    await moderation.query(`create temp table outbox (channel text, type text, data text, cause jsonb, id text default 'x');
create function pg_temp.jsonb_strip_nulls(jsonb) returns jsonb language sql as 'select null::jsonb';
set search_path = pg_temp, pg_catalog`);
    await moderation.query(`select millrace.withdraw_access('ann', 'desk.SFO')`);
    const { batches } = await store.pass([], 'wait');
    expect(batches).toMatchObject([
      { channel: '_millrace.access', events: [{ data: '{"channel": "desk.SFO", "subject": "ann"}' }] },
    ]);
    await expect(moderation.query(publish, [newChannel()])).rejects.toMatchObject(DENIED);
  });

  const keys = ['pass."millrace"', 'care."millrace"', 'migrate.millrace'];

  it('that may only connect holds up neither passes, nor care, nor a node that starts, by locks of former releases', async () => {
    const stranger = await as('stranger');
    const hold = `select pg_advisory_lock(hashtextextended('millrace.' || k, 0)) from unnest($1::text[]) k`;
    await stranger.query(hold, [keys]);
    const channel = newChannel();
    await admin.query(publish, [channel]);
    expect(await store.pass([newEvent(channel)], 'wait')).toMatchObject({ ran: true, direct: [{ offset: 2 }] });
    await admin.query(publish, [channel]);
    expect(await store.pass([], 'try')).toMatchObject({ ran: true, batches: [{ channel }] });
    const care = `select millrace.make_partitions(9) as made, millrace.drop_ended(now()) as dropped`;
    const { rows } = await admin.query(care);
    expect(rows).toEqual([{ made: 2, dropped: expect.stringContaining('event_') as string }]);
    await harness.openStore();
  });

  it('that does not own the schema cannot lock what passes, care and migrations lock', async () => {
    for (const role of [await as('stranger'), await as('shop')]) {
      const lock = role.query(`select from millrace.work_lock where what = 'pass' for update`);
      await expect(lock).rejects.toMatchObject(DENIED);
      await expect(role.query(`select millrace.take_lock('pass', true)`)).rejects.toMatchObject(DENIED);
      await expect(role.query('begin; lock table millrace.migration in share mode')).rejects.toMatchObject(DENIED);
      await role.query('rollback');
    }
  });

  it('that owns the schema is waited for, since a pass of the release before may run in it', async () => {
    await admin.query('begin');
    await admin.query(`select pg_advisory_xact_lock(hashtextextended('millrace.' || $1, 0))`, [keys[0]]);
    await store.stage(harness.database, newEvent(newChannel()));
    expect(await store.pass([], 'try')).toMatchObject({ ran: false });
    const pass = store.pass([newEvent(newChannel())], 'wait');
    const first = await Promise.race([pass, new Promise((resolve) => setTimeout(() => resolve('waits'), 150))]);
    expect(first).toBe('waits');
    await admin.query('commit');
    expect(await pass).toMatchObject({ ran: true, direct: [{ kind: 'stored' }] });
  });

  it.each(['shop', 'moderation', 'stranger'] as const)(
    '%s reads neither events nor the secret, and runs no pass',
    async (role) => {
      const client = await as(role);
      for (const table of ['event', 'secret', 'channel', 'settings', 'dead_letter']) {
        await expect(client.query(`select * from millrace.${table}`)).rejects.toMatchObject(DENIED);
      }
      for (const call of ['pass(false, 1, 1, null, 0)', 'pass_one()', `add_secret()`, `renew_epoch('a', 'b')`]) {
        await expect(client.query(`select millrace.${call}`)).rejects.toMatchObject(DENIED);
      }
    },
  );
});
