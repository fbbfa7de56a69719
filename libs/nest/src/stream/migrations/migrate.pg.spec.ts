import { randomBytes } from 'node:crypto';
import type { ChannelName } from '@millrace/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../../test/support/fresh-database.js';
import { BootError } from '../../core/boot-error.js';
import { PgDatabase } from '../pg/pg-database.js';
import { newChannel, newEvent, StreamHarness } from '../testing/stream-harness.js';
import { failureOf } from '../testing/failure-of.js';
import { migrate } from './migrate.js';
import { quoted } from './migration.js';
import { migrations } from './migrations.js';

const times = { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 };
const role = `guest_${randomBytes(4).toString('hex')}`;
let fresh: FreshDatabase;
let owner: PgDatabase;
let guest: PgDatabase;

beforeAll(async () => {
  fresh = await createDatabase();
  owner = new PgDatabase({ connectionString: fresh.url }, times);
  await owner.script(`create role ${role} login password '${role}'`);
  guest = new PgDatabase(
    { connectionString: Object.assign(new URL(fresh.url), { username: role, password: role }).href },
    times,
  );
});
afterAll(async () => {
  await guest.stop();
  await owner.script(`drop owned by ${role}; drop role ${role}`);
  await owner.stop();
  await fresh.drop();
});

it('says what to grant to a role that may create nothing', async () => {
  const refused = migrate(guest, 'not_mine');
  await expect(refused).rejects.toThrow(BootError);
  await expect(refused).rejects.toThrow('create schema not_mine authorization');
});

it('works for a role that owns only its schema', async () => {
  await owner.script(`create schema mine authorization ${role}`);
  const harness = new StreamHarness(guest, async () => {});
  const store = await harness.openStore({ schema: 'mine', partitionsAheadDays: 2 });
  const channel = newChannel();
  const transaction = await guest.begin();
  await store.stage(transaction, newEvent(channel));
  await transaction.commit();
  const { direct } = await store.pass([newEvent(channel)], 'wait');
  expect(direct).toMatchObject([{ kind: 'stored', offset: 2 }]);
  expect(await store.history(channel, undefined, { maxEvents: 10, maxBytes: 1_000 })).toMatchObject({
    outcome: 'complete',
  });
  await harness.close();
});

it('lets a role publish, and do nothing else, that was given so much', async () => {
  await migrate(owner, 'others');
  await owner.script(`grant usage on schema others to ${role};
grant insert (channel, type, data, key), select (id) on others.outbox to ${role}`);
  const publish = `select others.publish($1::text, $2::text, '1', 'once') as id`;
  const [row] = await guest.query(publish, [newChannel(), 'thing.happened']);
  const staged = await owner.query('select id from others.outbox', []);
  expect(staged).toEqual([row]);
  const refused = [
    publish.replace('$1::text', `'not a channel'`).replace('$2::text', `'a'`),
    'select data from others.outbox',
  ];
  const codes = await Promise.all(refused.map((sql) => failureOf(guest.query(sql, []))));
  expect(codes).toMatchObject([{ code: '23514' }, { code: '42501' }]);
});

it('migrates once, whoever starts together', async () => {
  await Promise.all(Array.from({ length: 4 }, () => migrate(owner, 'together')));
  const rows = await owner.query('select version from together.migration order by version', []);
  expect(rows).toEqual(migrations.map(({ version }) => ({ version })));
});

it('brings a schema with events in it up from the release before', async () => {
  await owner.script(
    'create schema old; create table old.migration (version int primary key, name text, applied_at timestamptz)',
  );
  for (const migration of migrations.slice(0, -1)) {
    for (const statement of migration.statements(quoted('old'))) await owner.query(statement, []);
    const { version, name } = migration;
    await owner.query('insert into old.migration (version, name) values ($1::int, $2::text)', [version, name]);
  }
  await owner.script(`select old.make_partitions(1); select old.publish('a', 'thing.happened', '1')`);
  await owner.script(`select old.pass(false, 10, 1000, null, 0); select old.publish('a', 'thing.happened', '2')`);
  const harness = new StreamHarness(owner, async () => {});
  const store = await harness.openStore({ schema: 'old' });
  const id = 'x'.repeat(64);
  await store.pass([newEvent('a' as ChannelName, { id })], 'wait');
  const page = await store.history('a' as ChannelName, undefined, { maxEvents: 10, maxBytes: 1_000 });
  expect(page.outcome === 'complete' && page.events.map(({ offset, data }) => [offset, data])).toEqual([
    [1, '1'],
    [2, '2'],
    [3, '{"n":1}'],
  ]);
  expect(page.outcome === 'complete' && page.events.at(-1)?.id).toBe(id);
});

it('refuses a schema of a newer release', async () => {
  await migrate(owner, 'newer');
  await owner.query(`insert into newer.migration (version, name) values (99, 'later')`, []);
  await expect(migrate(owner, 'newer')).rejects.toThrow('version 99');
});

it('leaves nothing behind when a step fails', async () => {
  await owner.script('create schema half; create table half.outbox ()');
  await expect(migrate(owner, 'half')).rejects.toMatchObject({ code: '42P07' });
  expect(await owner.query(`select to_regclass('half.channel') as made`, [])).toEqual([{ made: null }]);
});
