import { Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { RedisBench } from './testing/redis-bench.js';
import { redisLost, redisUp, redisWaitingBytes } from './redis.metrics.js';

const PING_MS = 2_000;
const GIVE_UP_MS = 3_000;

let clock: FakeClock;
let bench: RedisBench;
let channel: string;
let heard: string[];
let warn: ReturnType<typeof vi.spyOn>;

beforeEach(async () => {
  warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  clock = new FakeClock();
  bench = await RedisBench.open(clock);
  channel = `test:${randomUUID()}`;
  heard = [];
  bench.subscriber.listen((payload, name) => void (name === channel && heard.push(payload.toString())));
  await up();
});
afterEach(async () => {
  await bench.close();
  vi.restoreAllMocks();
});

const up = (): Promise<void> => vi.waitFor(() => expect(bench.isUp).toBe(true), { timeout: 5_000 });
const down = (): Promise<void> => vi.waitFor(() => expect(bench.isUp).toBe(false), { timeout: 5_000 });
const say = (...texts: string[]): number[] => {
  const lost: number[] = [];
  bench.publisher.publish(
    texts.map((payload) => ({ channel, payload })),
    (count) => void lost.push(count),
  );
  return lost;
};
const hears = (texts: readonly string[]): Promise<void> => vi.waitFor(() => expect(heard).toEqual(texts));

describe('the connections to Redis', () => {
  it('hear what is said in order, once the subscription is confirmed', async () => {
    await bench.subscriber.subscribe(channel);
    expect(say('1', '→', '3')).toEqual([]);
    await hears(['1', '→', '3']);
    bench.subscriber.unsubscribe(channel);
    await bench.subscriber.subscribe(`${channel}:other`);
    say('4');
    await vi.waitFor(() => expect(bench.recorder.valueOf(redisWaitingBytes)).toBe(0));
    expect(heard).toHaveLength(3);
  });

  it('subscribe again by themselves, by name and by pattern, and say once that they were lost', async () => {
    await bench.subscriber.subscribe(channel);
    await bench.subscriber.psubscribe(`${channel}:*`);
    const patterned: string[] = [];
    bench.subscriber.listen((payload, _name, pattern) => void (pattern && patterned.push(payload.toString())));
    bench.goAway();
    await down();
    expect(bench.recorder.valueOf(redisUp, { connection: 'publisher' })).toBe(0);
    expect(say('lost', 'lost too')).toEqual([2]);
    bench.comeBack();
    await up();
    // Behind the subscriptions on the same connection.
    await bench.subscriber.subscribe(`${channel}:last`);
    say('heard');
    bench.publisher.publish([{ channel: `${channel}:x`, payload: 'by pattern' }], () => {});
    await hears(['heard']);
    await vi.waitFor(() => expect(patterned).toEqual(['by pattern']));
    expect(bench.recorder.valueOf(redisLost, { connection: 'subscriber', reason: 'closed' })).toBe(1);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('refuse a subscribe at once while Redis is away, and hear the channel when it is back', async () => {
    bench.goAway();
    await down();
    await expect(bench.subscriber.subscribe(channel)).rejects.toThrow('writeable');
    bench.subscriber.subscribe(`${channel}:never`).catch(() => {});
    bench.subscriber.unsubscribe(`${channel}:never`);
    bench.comeBack();
    await up();
    await bench.subscriber.subscribe(`${channel}:last`);
    say('heard');
    await hears(['heard']);
  });

  it('notice within ten seconds that nothing is heard any more, and connect anew', async () => {
    await bench.subscriber.subscribe(channel);
    const halfOpen = bench.proxy.swallow();
    expect(halfOpen).toBe(2);
    await clock.advance(PING_MS + GIVE_UP_MS - 1);
    expect(bench.isUp).toBe(true);
    await clock.advance(1);
    expect(bench.isUp).toBe(false);
    for (const connection of ['publisher', 'subscriber'] as const) {
      expect(bench.recorder.valueOf(redisLost, { connection, reason: 'silent' })).toBe(1);
    }
    await up();
    await bench.subscriber.subscribe(`${channel}:last`);
    say('heard');
    await hears(['heard']);
  });

  it('are not given up while Redis answers', async () => {
    for (let round = 0; round < 5; round++) {
      await clock.advance(PING_MS);
      await bench.publisher.connection.client.ping();
      await bench.subscriber.connection.client.ping();
    }
    expect(bench.isUp).toBe(true);
    expect(warn).not.toHaveBeenCalled();
  });

  it('keep no more than 8 MiB for a Redis that takes nothing', async () => {
    bench.proxy.swallow();
    const payload = 'x'.repeat(1_048_576);
    const lost = Array.from({ length: 10 }, () => say(payload));
    expect(lost.map(({ length }) => length)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    expect(bench.recorder.valueOf(redisWaitingBytes)).toBe(8 * 1_048_576);
    bench.proxy.cut();
    await vi.waitFor(() => expect(lost.flat()).toHaveLength(10));
    expect(bench.recorder.valueOf(redisWaitingBytes)).toBe(0);
  });

  it('leave nothing open', async () => {
    await bench.close();
    expect(clock.pending).toBe(0);
    expect(say('late')).toEqual([1]);
    await expect(bench.subscriber.subscribe(channel)).rejects.toThrow('writeable');
  });
});

it('are there later when Redis is there later, and say why they wait', async () => {
  const late = await RedisBench.open(clock);
  late.goAway();
  try {
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.stringContaining('Redis cannot be reached')));
    late.comeBack();
    await vi.waitFor(() => expect(late.isUp).toBe(true), { timeout: 5_000 });
  } finally {
    await late.close();
  }
});
