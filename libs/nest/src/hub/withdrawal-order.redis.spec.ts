import type { ChannelName } from '@millrace/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Broker } from '../broker/broker.port.js';
import { ACCESS_CHANNEL } from '../core/own-channels.js';
import type { EventBatch } from '../core/stream-event.js';
import { replacing } from '../core/testing/replacing.js';
import type { StreamStore } from '../stream/stream-store.port.js';
import { newChannel } from '../stream/testing/stream-harness.js';
import type { InProcessNode, NodeSeams } from './testing/in-process-node.js';
import { nodesTogether } from './testing/nodes-together.js';

/** How late a link is, in ms: longer than everything that mends holes. */
const LATE_MS = 400;
const limits = { maxEvents: 100, maxBytes: 100_000 };
const access = ACCESS_CHANNEL as ChannelName;

const start = nodesTogether();

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Messages of others that `isMeant` come `LATE_MS` late. */
const lateFromOthers = (isMeant: (batch: EventBatch) => boolean) => (inner: Broker) =>
  replacing(inner, {
    start: (deliver) =>
      inner.start((batch) => {
        if (isMeant(batch)) setTimeout(() => deliver(batch), LATE_MS);
        else deliver(batch);
      }),
  });
const isWithdrawal = ({ channel }: EventBatch): boolean => channel === ACCESS_CHANNEL;

/** What is known of withdrawals is not told: everything looks as if there were none. */
const unmarkedPages = (inner: StreamStore): StreamStore =>
  replacing(inner, {
    history: async (channel, after, bounds) => {
      const page = await inner.history(channel, after, bounds);
      return { ...page, access: { ...page.access!, offset: 0 as never, id: '' } };
    },
  });
const unmarkedBatches = (inner: Broker): Broker =>
  replacing(inner, {
    start: (deliver) =>
      inner.start((batch) => deliver({ ...batch, access: { ...batch.access!, offset: 0 as never, id: '' } })),
  });

/** Withdraws by one node, publishes behind it, and tells what the other one emitted, in order. */
type Run = (seams: NodeSeams) => Promise<readonly [withdrawal: string, later: string, journal: readonly string[]]>;

async function later(by: InProcessNode, on: InProcessNode, channel: ChannelName) {
  const withdrawal = await start().then((node) => node.withdraw());
  const event = await by.publish(channel);
  await vi.waitFor(() => expect(on.journal).toContain(event.id), { timeout: 5_000, interval: 5 });
  await vi.waitFor(() => expect(on.journal).toContain(withdrawal.id), { timeout: 5_000, interval: 5 });
  return [withdrawal.id, event.id, on.journal] as const;
}

const aSlowRedis: Run = async ({ broker = (inner) => inner }) => {
  const slow = await start({
    broker: (inner) => lateFromOthers(isWithdrawal)(broker(inner)),
    digestIntervalMs: 60_000,
  });
  const channel = newChannel('order');
  await slow.hub.attach(channel);
  return later(slow, slow, channel);
};

const messagesThatSwap: Run = async ({ broker = (inner) => inner }) => {
  const [one, slow] = await Promise.all([
    start(),
    start({ broker: (inner) => lateFromOthers(isWithdrawal)(broker(inner)), digestIntervalMs: 60_000 }),
  ]);
  const channel = newChannel('order');
  await slow.hub.attach(channel);
  return later(one, slow, channel);
};

/** Nothing comes over Redis, and the channel of withdrawals is read slowly. */
const noRedis: Run = async ({ store = (inner) => inner }) => {
  const deaf = await start({
    broker: (inner) => replacing(inner, { start: () => inner.start(() => {}) }),
    store: (inner) =>
      replacing(store(inner), {
        history: async (channel, after, bounds) => {
          const page = await store(inner).history(channel, after, bounds);
          if (channel === access) await sleep(LATE_MS);
          return page;
        },
      }),
    digestIntervalMs: 50,
  });
  const channel = newChannel('order');
  await deaf.hub.attach(channel);
  return later(await start(), deaf, channel);
};

/** A page for a subscriber who was let in before: `journal` has it where it was handed out. */
const aPageForASubscriber: Run = async ({ store = (inner) => inner }) => {
  const deaf = await start({
    broker: (inner) => replacing(inner, { start: () => inner.start(() => {}) }),
    store,
    digestIntervalMs: 60_000,
  });
  const channel = newChannel('order');
  const withdrawal = await start().then((node) => node.withdraw());
  const event = await (await start()).publish(channel);
  const page = await deaf.hub.history(channel, { after: undefined, limits });
  const ids = page.outcome === 'unrecoverable' ? [] : page.events.map(({ id }) => id);
  return [withdrawal.id, event.id, [...deaf.journal, ...ids]];
};

const ways: [string, { readonly run: Run; readonly without: NodeSeams }][] = [
  ['its own pass while Redis is slow', { run: aSlowRedis, without: { broker: unmarkedBatches } }],
  ['messages that overtake', { run: messagesThatSwap, without: { broker: unmarkedBatches } }],
  ['the repair of a hole', { run: noRedis, without: { store: unmarkedPages } }],
  ['a page for a subscriber', { run: aPageForASubscriber, without: { store: unmarkedPages } }],
];

describe('no event leaves a node before the withdrawals that were numbered before it', () => {
  it.each(ways)('by %s', async (_way, { run }) => {
    const [withdrawal, event, journal] = await run({});
    expect(journal.indexOf(withdrawal)).toBeGreaterThanOrEqual(0);
    expect(journal.indexOf(event)).toBeGreaterThan(journal.indexOf(withdrawal));
  });

  it.each(ways)('and does when they are not told by %s', async (_way, { run, without }) => {
    const [withdrawal, event, journal] = await run(without);
    expect(journal).toContain(event);
    expect(journal.slice(0, journal.indexOf(event))).not.toContain(withdrawal);
  });
});
