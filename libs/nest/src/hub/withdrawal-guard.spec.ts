import { beforeEach, describe, expect, it } from 'vitest';
import type { ChannelName } from '@millrace/protocol';
import { ACCESS_CHANNEL } from '../core/own-channels.js';
import type { EventBatch } from '../core/stream-event.js';
import { settled } from '../core/testing/fake-clock.js';
import { channelNamed, HubBench } from './testing/hub-bench.js';
import { batchesGuarded, guardedBytes } from './hub.metrics.js';
import { defaultHubOptions } from './hub.options.js';

const access = channelNamed(ACCESS_CHANNEL);
const desk = channelNamed('desk.SFO');
const own = channelNamed('_millrace.other');
const limits = { maxEvents: 10, maxBytes: 10_000 };

let bench: HubBench;
const emitted = (of: HubBench = bench): string[] =>
  of.rooms.emitted.flatMap((one) =>
    one.kind === 'events' ? one.frame.events.map(({ offset }) => `${one.frame.channel} ${offset}`) : [],
  );

async function start(options: ConstructorParameters<typeof HubBench>[0] = {}): Promise<void> {
  bench = new HubBench(options);
  await bench.hub.start();
  await bench.hub.attachAhead(access);
  await bench.hub.attach(desk);
}
beforeEach(() => start());

/** As another pass numbered it; its message has not come. */
const withdraw = (): EventBatch => bench.store.append(access);
const arrive = (...batches: readonly EventBatch[]): void => bench.broker.publish(batches);
const published = (channel: ChannelName = desk): EventBatch => bench.store.append(channel);

describe('a batch that was numbered after a withdrawal', () => {
  it('waits until the node has read the withdrawal', async () => {
    withdraw();
    arrive(published());
    await settled();
    expect(emitted()).toEqual([]);
    expect(bench.recorder.valueOf(guardedBytes)).toBeGreaterThan(0);
    await bench.clock.advance(1);
    expect(emitted()).toEqual([`${access} 1`, `${desk} 1`]);
    expect(bench.recorder.valueOf(guardedBytes)).toBe(0);
    expect(bench.store.reads).toBe(1);
  });

  it('waits until the message of the withdrawal has come, if that is sooner', async () => {
    const withdrawal = withdraw();
    arrive(published());
    arrive(withdrawal);
    await settled();
    expect(emitted()).toEqual([`${access} 1`, `${desk} 1`]);
    expect(bench.store.reads).toBe(0);
  });

  it('goes out behind it, also when its channel has something in this tick already', async () => {
    arrive(published());
    arrive(withdraw(), published());
    await settled();
    expect(emitted()).toEqual([`${access} 1`, `${desk} 1`, `${desk} 2`]);
  });

  it('waits for as long as the log cannot be read, and no longer than a look into it after that', async () => {
    withdraw();
    bench.store.failing = true;
    for (let count = 0; count < 5; count++) {
      arrive(published());
      await bench.clock.advance(10_000);
    }
    expect(emitted()).toEqual([]);
    bench.store.failing = false;
    await bench.clock.advance(500);
    expect(emitted()).toEqual([`${access} 1`, ...[1, 2, 3, 4, 5].map((offset) => `${desk} ${offset}`)]);
  });

  it('is dropped past the bound, and read from the log behind the withdrawal', async () => {
    await start({ options: { maxGuardedBytes: 200 } });
    withdraw();
    bench.store.failing = true;
    for (let count = 0; count < 3; count++) arrive(published());
    await settled();
    expect(['held', 'dropped'].map((result) => bench.recorder.valueOf(batchesGuarded, { result }))).toEqual([1, 2]);
    bench.store.failing = false;
    await bench.clock.advance(2_000);
    expect(emitted()).toEqual([`${access} 1`, `${desk} 1`, `${desk} 2`, `${desk} 3`]);
  });

  it('does not wait on a channel of Millrace’s own', async () => {
    await bench.hub.attachAhead(own);
    withdraw();
    arrive(published(own));
    expect(emitted()).toEqual([`${own} 1`]);
  });
});

describe('a batch of which nobody knows what was withdrawn before it', () => {
  const unmarked = ({ channel, epoch, prev, prevId, events }: EventBatch): EventBatch => ({
    channel,
    epoch,
    prev,
    prevId,
    events,
  });

  it('waits for a look at the withdrawals that begins when it has come', async () => {
    bench.store.hold();
    arrive(unmarked(published()));
    await settled();
    withdraw();
    arrive(unmarked(published()));
    bench.store.release();
    await bench.clock.advance(1);
    expect(emitted()).toEqual([`${desk} 1`, `${access} 1`, `${desk} 2`]);
  });

  it('is lost when the log does not answer, and comes with the next look', async () => {
    bench.store.failing = true;
    arrive(unmarked(published()));
    await settled();
    expect(bench.recorder.valueOf(batchesGuarded, { result: 'dropped' })).toBe(1);
    bench.store.failing = false;
    await bench.clock.advance(1_000);
    expect(emitted()).toEqual([`${desk} 1`]);
  });

  it.each([
    ['another life', { epoch: 'gone' }],
    ['a lost end', { offset: 9, id: 'gone' }],
    ['another event', { id: 'gone' }],
  ])('also when its withdrawal is of %s of the log', async (_what, place) => {
    arrive(withdraw());
    const batch = published();
    arrive({ ...batch, access: { ...batch.access!, ...place } as NonNullable<EventBatch['access']> });
    await settled();
    expect(emitted()).toEqual([`${access} 1`]);
    await bench.clock.advance(10);
    expect(emitted()).toEqual([`${access} 1`, `${desk} 1`]);
  });
});

describe('what is read from the log', () => {
  it('for a hole waits for the withdrawals that the page was read behind', async () => {
    arrive(published());
    published();
    await settled();
    withdraw();
    bench.store.hold();
    const late = published();
    arrive({ ...late, access: { ...late.access!, offset: 0 as never, id: '' } });
    await bench.clock.advance(60);
    const held = bench.store.reads;
    expect([held, emitted()]).toEqual([1, [`${desk} 1`]]);
    bench.store.release();
    await bench.clock.advance(1);
    expect(emitted()).toEqual([`${desk} 1`, `${access} 1`, `${desk} 2`, `${desk} 3`]);
  });

  it.each(['history', 'resume'] as const)('for a subscriber waits for them too: %s', async (way) => {
    const first = published();
    arrive(first);
    await bench.clock.advance(defaultHubOptions.recentMaxAgeMs + 1);
    const after = { epoch: first.epoch, offset: first.prev, id: '', time: 0 };
    withdraw();
    published();
    const order: string[] = [];
    bench.rooms.join(`channel:${access}`, () => order.push('withdrawn'));
    const read = bench.hub[way](desk, { after, limits }).then((page) => order.push(page.outcome));
    await bench.clock.advance(1);
    await read;
    expect(order).toEqual(['withdrawn', 'complete']);
  });

  it('is refused for now when they cannot be read in time', async () => {
    withdraw();
    published();
    const page = bench.store.history.bind(bench.store);
    bench.store.history = (channel, after, bounds) =>
      channel === access ? Promise.reject(new Error('The log is locked')) : page(channel, after, bounds);
    const [read] = await Promise.allSettled([
      bench.hub.history(desk, { after: undefined, limits }),
      bench.clock.advance(defaultHubOptions.accessTimeoutMs),
    ]);
    expect(read).toMatchObject({ status: 'rejected', reason: { code: 'BUSY' } });
  });
});
