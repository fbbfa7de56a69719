import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { Deadline } from '../../core/deadline.js';
import { ChannelPublisher } from '../../stream/channel-publisher.js';
import { defaultStreamOptions } from '../../stream/stream.options.js';
import type { StreamStore } from '../../stream/stream-store.port.js';
import { openPg } from '../../stream/testing/open-pg.js';
import { DatabaseTransactions } from '../../stream/transaction/database-transactions.js';
import { CanaryLog } from './canary-log.js';
import { canaryChannelName } from './canary-channel.js';
import { CommandPath } from './command-path.js';

type Harness = Awaited<ReturnType<typeof openPg>>;
let harness: Harness;
let store: StreamStore;
beforeAll(async () => {
  harness = await openPg();
  store = await harness.openStore();
});
afterAll(() => harness.close());

const logOf = (node: string) =>
  new CanaryLog({ database: harness.database, schema: 'millrace', node, clock: systemClock });

let ids = 0;
async function send(node: string, passAgeMs: number): Promise<string> {
  const publisher = new ChannelPublisher({
    store,
    sequencer: { publish: () => Promise.reject(new Error('unused')), kick: () => {}, seek: () => {} },
    ambient: harness.database.ambient,
    live: { live: () => {} },
    ids: { next: () => `canary-${++ids}` },
    clock: systemClock,
    options: defaultStreamOptions,
  });
  const path = new CommandPath({
    node,
    transactions: new DatabaseTransactions(harness.database),
    ambient: harness.database.ambient,
    publisher,
    report: () => ({ stream: passAgeMs }),
  });
  let staged = '';
  await path.commit((id) => (staged = id), new Deadline(5_000));
  await store.pass([], 'wait');
  return staged;
}

it('canaries tell in the log how the other nodes are, and nothing of the own one', async () => {
  const id = await send('one', 40);
  await send('two', 7);
  await send('two', 9);
  const [report, ...more] = await logOf('one').reports();
  expect(more).toEqual([]);
  expect(report?.node).toBe('two');
  expect(report?.health.stream).toBeGreaterThanOrEqual(9);
  expect(report?.health.stream).toBeLessThan(9 + 10_000);
  const page = await store.history(canaryChannelName('one'), undefined, { maxEvents: 10, maxBytes: 10_000 });
  expect(page).toMatchObject({ events: [{ id, type: 'canary.sent' }] });
});

it('a node that has said nothing for half a minute does not count', async () => {
  await send('gone', 1);
  expect((await logOf('one').reports()).map(({ node }) => node)).toContain('gone');
  await harness.database.query(
    `update millrace.channel set last_ts = last_ts - interval '31 seconds' where name = '_millrace.canary.gone'`,
    [],
  );
  expect((await logOf('one').reports()).map(({ node }) => node)).not.toContain('gone');
});

it('reads go over the connection of the pass when those of the pool are all taken', async () => {
  const never = { query: () => new Promise<never>(() => {}) };
  const { pass } = harness.database;
  const log = new CanaryLog({
    database: { pass, reader: never, query: never.query },
    schema: 'millrace',
    node: 'one',
    clock: systemClock,
  });
  expect((await log.reports()).map(({ node }) => node)).toContain('two');
});

it('canaries of yesterday are deleted, and nothing else', async () => {
  await send('old', 1);
  await store.pass([{ channel: 'desk.SFO' as never, id: 'kept', type: 'noted', data: '1' }], 'wait');
  const age = `ts = ts - interval '25 hours' where channel`;
  await harness.database.query(`update millrace.event set ${age} in ('_millrace.canary.old', 'desk.SFO')`, []);
  await harness.database.query(
    `update millrace.channel set last_ts = last_ts - interval '49 hours' where name in ('_millrace.canary.old', 'desk.SFO')`,
    [],
  );
  await logOf('one').prune();
  const rows = await harness.database.query(
    `select name, (select count(*)::int from millrace.event e where e.channel = c.name) as events
from millrace.channel c order by name`,
    [],
  );
  expect(rows).toEqual([
    { name: '_millrace.canary.gone', events: 1 },
    { name: '_millrace.canary.one', events: 1 },
    { name: '_millrace.canary.two', events: 2 },
    { name: 'desk.SFO', events: 1 },
  ]);
});
