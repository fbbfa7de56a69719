import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settled } from '../core/testing/fake-clock.js';
import { Logger } from '@nestjs/common';
import {
  deliverSeconds,
  eventsDelivered,
  eventsEmitted,
  framesEmitted,
  orderChecks,
  roomsInterrupted,
} from './hub.metrics.js';
import { roomOf } from './room.js';
import { channelNamed, HubBench } from './testing/hub-bench.js';

const desk = channelNamed('desk.SFO');

describe('Hub', () => {
  let bench: HubBench;
  beforeEach(async () => {
    bench = new HubBench();
    await bench.hub.start();
  });
  afterEach(() => bench.hub.stop());

  it('emits what is published after the first subscriber came', async () => {
    bench.publish(desk, 2);
    await bench.hub.attach(desk);
    bench.publish(desk);
    await settled();
    expect(bench.rooms.emitted).toMatchObject([
      { kind: 'events', frame: { channel: desk, epoch: 'epoch1', prev: 2, events: [{ offset: 3, data: '3' }] } },
    ]);
  });

  it('sends the batches of one tick in one frame', async () => {
    await bench.hub.attach(desk);
    bench.publish(desk, 2);
    bench.publish(desk);
    await settled();
    expect(bench.rooms.emitted).toHaveLength(1);
    expect(bench.emittedOffsets).toEqual([1, 2, 3]);
  });

  it('emits the other channels when the room of one fails, and tells its subscribers to read the log', async () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const other = channelNamed('desk.OAK');
    bench.rooms.join(roomOf(desk), () => {
      throw new Error('a frame that cannot be encoded');
    });
    const heard: unknown[] = [];
    bench.rooms.join(roomOf(other), (frame) => heard.push(frame.kind));
    for (const channel of [desk, other]) await bench.hub.attach(channel);
    for (const channel of [desk, other]) bench.publish(channel);
    for (const channel of [desk, other]) bench.hub.live(channel, { id: 'a', type: 'typing', data: '1', time: 1 });
    await settled();
    expect(heard).toEqual(['events', 'live']);
    expect(bench.lagging).toEqual([desk, desk]);
    expect(bench.recorder.valueOf(roomsInterrupted, { reason: 'failed' })).toBe(2);
    logged.mockRestore();
  });

  it('counts events, frames, and how many sessions they went to', async () => {
    const member = (): void => {};
    for (const one of [member, () => {}, () => {}]) bench.rooms.join(roomOf(desk), one);
    await bench.hub.attach(desk);
    bench.publish(desk, 2);
    await settled();
    bench.rooms.leave(roomOf(desk), member);
    bench.publish(desk);
    bench.hub.live(desk, { id: 'a', type: 'typing', data: '1', time: 1 });
    await settled();
    const counts = [eventsEmitted, framesEmitted, eventsDelivered].map((metric) =>
      (['durable', 'live'] as const).map((delivery) => bench.recorder.valueOf(metric, { delivery })),
    );
    expect(counts).toEqual([
      [3, 1],
      [2, 1],
      [8, 2],
    ]);
  });

  it('tells how long ago what it emits was numbered, never less than nothing', async () => {
    await bench.hub.attach(desk);
    const batch = bench.store.append(desk);
    await bench.clock.advance(40);
    bench.hub.onBatch(batch);
    expect(bench.recorder.valueOf(deliverSeconds)).toBe(0.04);
    const next = bench.store.append(desk);
    bench.hub.onBatch({ ...next, events: next.events.map((one) => ({ ...one, time: bench.clock.now() + 500 })) });
    expect(bench.recorder.valueOf(deliverSeconds)).toBe(0);
    await settled();
    expect(bench.emittedOffsets).toEqual([1, 2]);
  });

  it('counts gaps, and what became of them', async () => {
    await bench.hub.attach(desk);
    bench.store.append(desk);
    bench.publish(desk);
    await bench.clock.advance(5_000);
    expect(bench.emittedOffsets).toEqual([1, 2]);
    const counts = (['gap', 'repaired'] as const).map((result) => bench.recorder.valueOf(orderChecks, { result }));
    expect(counts).toEqual([1, 1]);
  });

  it('sends a frame that is full at once', async () => {
    const small = new HubBench({ options: { frameMaxBytes: 1 } });
    await small.hub.attach(desk);
    small.broker.publish([]);
    small.hub.onBatch(small.store.append(desk));
    expect(small.emittedOffsets).toEqual([1]);
  });

  it('coalesces live events the same way', async () => {
    const event = { id: 'a', type: 'typing', data: '1', time: 1 };
    bench.hub.live(desk, event);
    bench.hub.live(desk, { ...event, id: 'b' });
    await settled();
    expect(bench.rooms.emitted).toEqual([
      { kind: 'live', frame: { channel: desk, events: [event, { ...event, id: 'b' }] } },
    ]);
  });

  it('waits for a swapped batch, without a read', async () => {
    await bench.hub.attach(desk);
    const [first, second] = [bench.store.append(desk), bench.store.append(desk)];
    bench.hub.onBatch(second);
    await settled();
    expect(bench.emittedOffsets).toEqual([]);
    bench.hub.onBatch(first);
    await bench.clock.advance(100);
    expect(bench.emittedOffsets).toEqual([1, 2]);
    expect(bench.store.reads).toBe(0);
  });

  it('reads a hole once and emits in order', async () => {
    await bench.hub.attach(desk);
    bench.store.append(desk, 2);
    bench.publish(desk);
    bench.publish(desk);
    await bench.clock.advance(49);
    expect(bench.emittedOffsets).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.emittedOffsets).toEqual([1, 2, 3, 4]);
    expect(bench.store.reads).toBe(1);
  });

  it('finds a lost last message by its look into the log', async () => {
    await bench.hub.attach(desk);
    bench.store.append(desk);
    await bench.clock.advance(550);
    expect(bench.emittedOffsets).toEqual([1]);
  });

  it('tries a hole again that could not be read', async () => {
    await bench.hub.attach(desk);
    bench.store.append(desk);
    bench.publish(desk);
    bench.store.failing = true;
    await bench.clock.advance(1_000);
    expect(bench.emittedOffsets).toEqual([]);
    bench.store.failing = false;
    await bench.clock.advance(6_000);
    expect(bench.emittedOffsets).toEqual([1, 2]);
  });

  it('sends subscribers to history behind a large hole, and goes on at the head', async () => {
    const small = new HubBench({ options: { repairMaxEvents: 3 } });
    await small.hub.start();
    await small.hub.attach(desk);
    small.store.append(desk, 10);
    await small.clock.advance(600);
    expect(small.lagging).toEqual([desk]);
    small.publish(desk);
    await settled();
    expect(small.emittedOffsets).toEqual([11]);
    expect(small.hub.standing(desk)?.interruptions).toBe(1);
  });

  it('tells of a log that was replaced, and restarts at its head', async () => {
    await bench.hub.attach(desk);
    bench.publish(desk, 5);
    await settled();
    bench.store.rewind(desk, 3);
    bench.publish(desk);
    await bench.clock.advance(100);
    expect(bench.controls).toEqual([{ kind: 'discontinuity', channel: desk, reason: 'epoch' }]);
    bench.publish(desk);
    await settled();
    expect(bench.emittedOffsets).toEqual([1, 2, 3, 4, 5, 5]);
  });

  it('looks at every channel anew when the log was replaced in silence', async () => {
    await bench.hub.attach(desk);
    bench.publish(desk, 5);
    bench.store.rewind(desk, 3);
    await bench.clock.advance(600);
    expect(bench.controls).toHaveLength(1);
    expect(bench.hub.standing(desk)?.last).toMatchObject({ offset: 3, epoch: 'epoch2' });
  });

  it('finds that a failover lost events which it had emitted, and no look had seen', async () => {
    await bench.hub.attach(desk);
    bench.publish(desk, 5);
    await bench.clock.advance(500);
    bench.publish(desk, 3);
    await settled();
    bench.store.lose(desk, 5);
    // The sixth event anew: its offset was given away before.
    bench.publish(desk);
    await bench.clock.advance(500);
    expect(bench.controls).toEqual([{ kind: 'discontinuity', channel: desk, reason: 'mismatch' }]);
    bench.publish(desk);
    await settled();
    expect(bench.emittedOffsets).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 7]);
  });

  it('takes a look that began before the last event for no failover', async () => {
    await bench.hub.attach(desk);
    bench.publish(desk);
    bench.store.hold();
    await bench.clock.advance(500);
    bench.publish(desk);
    bench.store.release();
    await settled();
    expect(bench.store.reads).toBe(0);
    expect(bench.controls).toEqual([]);
    expect(bench.emittedOffsets).toEqual([1, 2]);
  });

  it('reads the holes of an own channel ahead of those of all others', async () => {
    const [jfk, own] = ['desk.JFK', 'own.log'].map((name) => channelNamed(name));
    const busy = new HubBench({ options: { repairConcurrency: 1 } });
    await busy.hub.start();
    await Promise.all([busy.hub.attach(desk), busy.hub.attach(jfk!), busy.hub.attachAhead(own!)]);
    busy.store.hold();
    for (const channel of [desk, jfk!, own!]) {
      busy.store.append(channel);
      busy.publish(channel);
    }
    await busy.clock.advance(50);
    // The first, and the own one: that of the second stands in line.
    expect(busy.store.reads).toBe(2);
    busy.store.release();
    await settled();
    expect(busy.store.reads).toBe(3);
    await busy.hub.stop();
  });

  it('loses nothing between the subscription at the broker and the head', async () => {
    bench.store.append(desk, 2);
    bench.store.hold();
    const attached = bench.hub.attach(desk);
    await settled();
    bench.publish(desk);
    bench.store.release();
    await attached;
    await settled();
    expect(bench.emittedOffsets).toEqual([3]);
  });

  it('follows a channel a little longer than its last subscriber stays', async () => {
    await bench.hub.attach(desk);
    bench.hub.detach(desk);
    await bench.clock.advance(9_000);
    await bench.hub.attach(desk);
    bench.hub.detach(desk);
    await bench.clock.advance(9_999);
    expect(bench.store.heads).toBe(1);
    await bench.clock.advance(1);
    expect(bench.hub.standing(desk)).toBeUndefined();
    await bench.hub.attach(desk);
    expect(bench.store.heads).toBe(2);
  });

  it('lets the longest idle channels go when too many linger', async () => {
    const small = new HubBench({ options: { maxLingeringChannels: 1 } });
    const [one, two] = [channelNamed('one'), channelNamed('two')];
    await Promise.all([small.hub.attach(one), small.hub.attach(two)]);
    small.hub.detach(one);
    small.hub.detach(two);
    expect(small.hub.standing(one)).toBeUndefined();
    expect(small.hub.standing(two)).toBeDefined();
  });

  it('holds nothing for an attach that failed', async () => {
    bench.store.failing = true;
    await expect(bench.hub.attach(desk)).rejects.toThrow('does not answer');
    expect(bench.hub.standing(desk)).toBeUndefined();
    bench.store.failing = false;
    await bench.hub.attach(desk);
    expect(bench.hub.standing(desk)).toBeDefined();
  });

  it('does without a broker that does not answer', async () => {
    bench.broker.subscribe = () => new Promise(() => {});
    const attached = bench.hub.attach(desk);
    await bench.clock.advance(1_000);
    await attached;
    bench.store.append(desk);
    await bench.clock.advance(600);
    expect(bench.emittedOffsets).toEqual([1]);
  });

  it('goes on looking into a log that did not answer, without skipping', async () => {
    await bench.hub.attach(desk);
    bench.store.append(desk);
    bench.store.failing = true;
    await bench.clock.advance(1_200);
    bench.store.failing = false;
    await bench.clock.advance(600);
    expect(bench.emittedOffsets).toEqual([1]);
  });

  it('stops: no timer is left, and nothing is emitted any more', async () => {
    await bench.hub.attach(desk);
    bench.hub.detach(desk);
    await bench.hub.stop();
    bench.hub.onBatch(bench.store.append(desk));
    await bench.clock.advance(10_000);
    expect(bench.emittedOffsets).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });
});
