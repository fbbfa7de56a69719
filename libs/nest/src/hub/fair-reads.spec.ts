import type { ChannelName, Position } from '@millrace/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { settled } from '../core/testing/fake-clock.js';
import { HubBench, channelNamed } from './testing/hub-bench.js';

const limits = { maxEvents: 10, maxBytes: 100_000 };
const own = channelNamed('desk.SFO');

let bench: HubBench;
beforeEach(() => {
  bench = new HubBench({ options: { readConcurrency: 4, maxWaitingReads: 8, busyRetryAfterMs: 70 } });
  bench.store.append(own, 50);
});

const never = (index: number): ChannelName => channelNamed(`never.n${index}`);
const page = (asker: string, maxEvents: number) =>
  bench.hub.history(own, { after: undefined, limits: { ...limits, maxEvents }, asker });
const codes = (results: readonly PromiseSettledResult<unknown>[]): unknown[] =>
  results.map((one) => (one.status === 'fulfilled' ? 'ok' : (one.reason as { code?: string }).code));

describe('The head of a channel for its first subscriber', () => {
  it('is read as far as a place is free, and refused with BUSY beyond the bound', async () => {
    bench.store.hold();
    const flood = Array.from({ length: 20 }, (_, index) => bench.hub.attach(never(index), 'flood'));
    const all = Promise.allSettled(flood);
    await settled();
    expect(bench.store.heads).toBe(2);
    await expect(flood[19]).rejects.toMatchObject({ code: 'BUSY', detail: { retryAfterMs: 70 } });
    bench.store.release();
    expect(codes(await all)).toEqual([...Array(6).fill('ok'), ...Array(14).fill('BUSY')]);
    expect(bench.hub.standing(never(19))).toBeUndefined();
    await bench.hub.attach(never(19), 'flood');
  });

  it('comes at once for another client, however many the first one asked for', async () => {
    bench.store.hold();
    const flood = Promise.allSettled(Array.from({ length: 20 }, (_, index) => bench.hub.attach(never(index), 'flood')));
    await settled();
    bench.store.heads = 0;
    const victim = bench.hub.attach(own, 'victim');
    await settled();
    expect(bench.store.heads).toBe(1);
    bench.store.release();
    await Promise.all([victim, flood]);
  });

  it('comes at once for one who wants a channel for which another one waits', async () => {
    bench.store.hold();
    const flood = Promise.allSettled(Array.from({ length: 6 }, (_, index) => bench.hub.attach(never(index), 'flood')));
    await settled();
    expect(bench.store.heads).toBe(2);
    const victim = bench.hub.attach(never(5), 'victim');
    await settled();
    expect(bench.store.heads).toBe(3);
    bench.store.release();
    await victim;
    await flood;
  });

  it('does not make channels wait that Millrace itself needs', async () => {
    bench.store.hold();
    const flood = Promise.allSettled(Array.from({ length: 6 }, (_, index) => bench.hub.attach(never(index), 'flood')));
    const others = Promise.allSettled(['b', 'c'].map((asker) => bench.hub.attach(channelNamed(`x.${asker}`), asker)));
    await settled();
    const before = bench.store.heads;
    const access = bench.hub.attachAhead(channelNamed('_millrace.access'));
    await settled();
    expect(bench.store.heads).toBe(before + 1);
    bench.store.release();
    await Promise.all([access, flood, others]);
  });
});

describe('A page of history', () => {
  it('is read at once for one client while another one floods the same channel', async () => {
    bench.store.hold();
    const flood = Promise.allSettled(Array.from({ length: 20 }, (_, index) => page('flood', index + 1)));
    await settled();
    expect(bench.store.reads).toBe(2);
    const victim = page('victim', 30);
    await settled();
    expect(bench.store.reads).toBe(3);
    bench.store.release();
    expect((await victim).outcome).toBe('more');
    expect(codes(await flood).filter((code) => code === 'BUSY')).toHaveLength(16);
  });

  it('that another one waits for already is read in the turn of who comes first', async () => {
    bench.store.hold();
    const flood = Promise.allSettled([1, 2, 3, 4].map((maxEvents) => page('flood', maxEvents)));
    await settled();
    const shared = page('victim', 4);
    await settled();
    expect(bench.store.reads).toBe(3);
    bench.store.release();
    expect(await shared).toMatchObject({ outcome: 'more' });
    expect(codes(await flood)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(bench.store.reads).toBe(4);
  });

  it('close behind the hub waits for one read of its channel, and not for another client', async () => {
    await bench.hub.attach(own);
    const at = (offset: number): Position => {
      const event = bench.store.eventsOf(own)[offset - 1];
      if (!event) throw new Error(`There is no event ${offset}`);
      return { epoch: bench.hub.standing(own)!.last.epoch, offset: event.offset, id: event.id, time: 0 };
    };
    bench.store.hold();
    const flood = Promise.allSettled(Array.from({ length: 3 }, (_, index) => page('flood', index + 1)));
    await settled();
    const mine = bench.hub.resume(own, { after: at(49), limits, asker: 'flood' });
    await settled();
    expect(bench.store.reads).toBe(2);
    const theirs = bench.hub.resume(own, { after: at(40), limits, asker: 'victim' });
    await settled();
    expect(bench.store.reads).toBe(3);
    bench.store.release();
    const pages = await Promise.all([mine, theirs]);
    expect(pages.map((one) => one.outcome !== 'unrecoverable' && one.events.length)).toEqual([1, 10]);
    await flood;
    expect(bench.store.reads).toBe(4);
  });
});
