import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { ChannelName } from '@millrace/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../core/clock.js';
import type { EventBatch } from '../../core/stream-event.js';
import { batchOf } from '../../hub/testing/batches.js';
import { redisWaitingBytes } from '../../redis/redis.metrics.js';
import { RedisBench } from '../../redis/testing/redis-bench.js';
import { batchesDelivered, batchesLost, batchesSent, brokerLagSeconds } from '../broker.metrics.js';
import { describeBroker } from '../testing/broker.contract.js';
import { RedisBroker } from './redis-broker.js';

interface Node {
  readonly bench: RedisBench;
  readonly broker: RedisBroker;
}

beforeAll(() => {
  for (const level of ['log', 'warn'] as const) vi.spyOn(Logger.prototype, level).mockReturnValue();
});
afterAll(() => vi.restoreAllMocks());

const open: Node[] = [];
afterEach(async () => {
  for (const { bench, broker } of open.splice(0)) {
    await broker.stop();
    await bench.close();
  }
});

async function node(installation: string, prefix = 'test'): Promise<Node> {
  const bench = await RedisBench.open();
  const { publisher, subscriber, recorder } = bench;
  const broker = new RedisBroker({
    publisher,
    subscriber,
    recorder,
    clock: systemClock,
    node: randomUUID(),
    prefix,
    installation: () => Promise.resolve(installation),
  });
  await vi.waitFor(() => expect(bench.isUp).toBe(true));
  const made = { bench, broker };
  open.push(made);
  return made;
}

describeBroker('redis, two nodes', async () => {
  const installation = randomUUID();
  const [one, other] = await Promise.all([node(installation), node(installation)]);
  return { publisher: one.broker, subscriber: other.broker };
});

describeBroker('redis, its own node', async () => {
  const { broker } = await node(randomUUID());
  return { publisher: broker, subscriber: broker };
});

describe('RedisBroker', () => {
  const { channel } = batchOf(1);

  async function listening({ broker }: Node, of: ChannelName = channel): Promise<EventBatch[]> {
    const heard: EventBatch[] = [];
    await broker.start((batch) => void heard.push(batch));
    await broker.subscribe(of);
    return heard;
  }

  it('hands its own node each batch once and at once, whether Redis is there or not', async () => {
    const own = await node(randomUUID());
    const heard = await listening(own);
    own.broker.publish([batchOf(1)]);
    expect(heard).toEqual([batchOf(1)]);
    await vi.waitFor(() => expect(own.bench.recorder.valueOf(redisWaitingBytes)).toBe(0));
    own.bench.goAway();
    await vi.waitFor(() => expect(own.bench.isUp).toBe(false));
    own.broker.publish([batchOf(2)]);
    expect(heard).toEqual([batchOf(1), batchOf(2)]);
    const { recorder } = own.bench;
    expect(recorder.valueOf(batchesSent)).toBe(2);
    expect(recorder.valueOf(batchesLost, { reason: 'unsent' })).toBe(1);
    expect(recorder.valueOf(batchesDelivered, { from: 'own' })).toBe(2);
    expect(recorder.valueOf(batchesDelivered, { from: 'other' })).toBe(0);
  });

  it('brings what another node numbered, and hears it again after Redis was away', async () => {
    const installation = randomUUID();
    const [one, other] = await Promise.all([node(installation), node(installation)]);
    await one.broker.start(() => {});
    const heard = await listening(other);
    other.bench.goAway();
    await vi.waitFor(() => expect(other.bench.isUp).toBe(false));
    one.broker.publish([batchOf(1)]);
    other.bench.comeBack();
    await vi.waitFor(() => expect(other.bench.isUp).toBe(true), { timeout: 5_000 });
    await other.broker.subscribe('desk.LAST' as ChannelName);
    one.broker.publish([batchOf(2)]);
    await vi.waitFor(() => expect(heard).toEqual([batchOf(2)]));
    expect(other.bench.recorder.valueOf(batchesDelivered, { from: 'other' })).toBe(1);
    expect(other.bench.recorder.valueOf(brokerLagSeconds)).toBeGreaterThan(0);
  });

  it.each([
    ['another installation', randomUUID(), 'test'],
    ['a copy of the database under another prefix', 'copied', 'copy'],
  ])('never hears %s', async (_what, installation, prefix) => {
    const [one, same, foreign] = await Promise.all([node('copied'), node('copied'), node(installation, prefix)]);
    const [ownHeard, foreignHeard] = [await listening(same), await listening(foreign)];
    await one.broker.start(() => {});
    one.broker.publish([batchOf(1)]);
    await vi.waitFor(() => expect(ownHeard).toEqual([batchOf(1)]));
    foreign.broker.publish([batchOf(2)]);
    expect(foreignHeard).toEqual([batchOf(2)]);
    one.broker.publish([batchOf(3)]);
    await vi.waitFor(() => expect(ownHeard).toEqual([batchOf(1), batchOf(3)]));
    expect(foreignHeard).toEqual([batchOf(2)]);
  });

  it.each([
    ['of a later release', '2 some-node ["e", 0, "", []]'],
    ['without a node', 'nothing'],
    ['cut short', '1 some-node ["e",0,"",[["i","t",1'],
    ['of another shape', '1 some-node {"epoch":"e"}'],
    ['without events', '1 some-node ["e",0,"",[]]'],
    ['with an event that has no time', '1 some-node ["e",0,"",[["i","t",null,"1"]]]'],
  ])('leaves a message %s to the log', async (_what, payload) => {
    const installation = randomUUID();
    const one = await node(installation);
    const heard = await listening(one);
    const { publisher, recorder } = one.bench;
    publisher.publish([{ channel: `test:${installation}:sealed:events:${channel}`, payload }], () => {});
    await vi.waitFor(() => expect(recorder.valueOf(batchesLost, { reason: 'unreadable' })).toBe(1));
    expect(heard).toEqual([]);
  });
});
