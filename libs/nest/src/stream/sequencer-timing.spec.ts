import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import { settled } from '../core/testing/fake-clock.js';
import { passes } from './stream.metrics.js';
import { failureOf } from './testing/failure-of.js';
import { batchOf } from './testing/scripted-store.js';
import { sequencerBench } from './testing/sequencer-bench.js';
import { newChannel, newEvent } from './testing/stream-harness.js';

const channel = newChannel();
const bench = sequencerBench();

describe('a database that does not answer', () => {
  const lost = new CodedError('STREAM_UNAVAILABLE');

  it('tries the same events again, with growing delays that no hint shortens', async () => {
    const sequencer = await bench.running();
    const event = newEvent(channel);
    const published = sequencer.publish(event);
    await settled();
    for (const delayMs of [30, 60, 120]) {
      bench.store.last.fail(lost);
      await settled();
      const calls = bench.store.calls.length;
      sequencer.kick();
      await bench.clock.advance(delayMs - 1);
      expect(bench.store.calls).toHaveLength(calls);
      await bench.clock.advance(1);
      expect(bench.store.last.direct[0]).toBe(event);
      expect(bench.store.calls).toHaveLength(calls + 1);
    }
    bench.store.last.answer();
    expect(await published).toMatchObject({ id: event.id });
    expect(bench.recorder.valueOf(passes, { outcome: 'failed' })).toBe(3);
  });

  it('gives an event up after its time, and says that nobody knows', async () => {
    const sequencer = await bench.running({ publishTimeoutMs: 100 });
    const published = sequencer.publish(newEvent(channel));
    const failure = failureOf(published);
    await settled();
    await bench.clock.advance(101);
    bench.store.last.fail(lost);
    expect(await failure).toMatchObject({ code: 'STREAM_UNAVAILABLE', detail: { outcome: 'unknown' } });
  });
});

describe('a wall clock that is stepped', () => {
  const DAY_MS = 86_400_000;

  it.each([-9 * DAY_MS, 9 * DAY_MS])('by %d ms ends no publish before its time, and none later', async (stepMs) => {
    const sequencer = await bench.running({ publishTimeoutMs: 100 });
    let outcome = 'waits';
    sequencer.publish(newEvent(channel)).catch(() => (outcome = 'failed'));
    await settled();
    bench.clock.step(stepMs);
    bench.store.last.fail(new CodedError('STREAM_UNAVAILABLE'));
    await settled();
    expect(outcome).toBe('waits');
    await bench.clock.advance(101);
    bench.store.last.fail(new CodedError('STREAM_UNAVAILABLE'));
    await settled();
    expect(outcome).toBe('failed');
  });

  it.each([-9 * DAY_MS, 9 * DAY_MS])('by %d ms makes no pass older or younger', async (stepMs) => {
    const sequencer = await bench.running({ pollIntervalMs: 500 });
    const { lastAnswerAt = 0 } = sequencer;
    bench.clock.step(stepMs);
    expect(bench.clock.monotonic() - lastAnswerAt).toBe(0);
    await bench.clock.advance(500);
    bench.store.last.answer();
    await settled();
    expect((sequencer.lastAnswerAt ?? 0) - lastAnswerAt).toBe(500);
  });
});

describe('poll', () => {
  it('looks with the try lock, whoever else passes', async () => {
    const sequencer = await bench.running({ pollIntervalMs: 500 });
    const before = { passAt: sequencer.lastPassAt, answerAt: sequencer.lastAnswerAt ?? 0 };
    await bench.clock.advance(500);
    expect(bench.store.calls.map(({ mode }) => mode)).toEqual(['try']);
    bench.store.last.answer({ ran: false });
    await settled();
    expect(sequencer).toMatchObject({ lastPassAt: before.passAt, lastAnswerAt: before.answerAt + 500 });
    expect(bench.recorder.valueOf(passes, { outcome: 'busy' })).toBe(1);
    await bench.clock.advance(500);
    expect(bench.store.calls).toHaveLength(2);
  });

  it('waits for the lock when somebody waits for an answer', async () => {
    const sequencer = await bench.running();
    const published = sequencer.publish(newEvent(channel));
    await settled();
    expect(bench.store.last.mode).toBe('wait');
    bench.store.last.answer();
    await published;
  });
});

describe('seek', () => {
  const looksAfter = async (byMs: number): Promise<number> => {
    const before = bench.store.calls.length;
    for (let elapsed = 0; elapsed < byMs; elapsed++) {
      await bench.clock.advance(1);
      bench.store.last.answer();
      await settled();
    }
    return bench.store.calls.length - before;
  };

  it('looks as long as it may, although the wall clock is stepped', async () => {
    const sequencer = await bench.running({ pollIntervalMs: 1_000_000, seekTimeoutMs: 100 });
    sequencer.kick();
    await settled();
    sequencer.seek(['one']);
    bench.clock.step(9 * 86_400_000);
    expect(await looksAfter(62)).toBeGreaterThan(3);
    bench.clock.step(-18 * 86_400_000);
    await looksAfter(100);
    expect(await looksAfter(200)).toBe(0);
  });

  it('looks again after 2, 4, 8, 16, 32, 50 ms until it has numbered the event', async () => {
    const sequencer = await bench.running({ pollIntervalMs: 1_000_000 });
    const event = newEvent(channel);
    sequencer.kick();
    await settled();
    bench.store.last.answer();
    await settled();
    sequencer.seek([event.id]);
    expect(await looksAfter(2)).toBe(1);
    expect(await looksAfter(3)).toBe(0);
    expect(await looksAfter(1)).toBe(1);
    expect(await looksAfter(8 + 16 + 32)).toBe(3);
    expect(await looksAfter(100)).toBe(2);
    await bench.clock.advance(50);
    bench.store.last.answer({ batches: [batchOf(event)] });
    await settled();
    // One look was on its way already.
    expect(await looksAfter(500)).toBeLessThanOrEqual(1);
  });

  it('leaves it to the poll after a while', async () => {
    const sequencer = await bench.running({ pollIntervalMs: 1_000_000, seekTimeoutMs: 200 });
    sequencer.kick();
    await settled();
    bench.store.last.answer();
    sequencer.seek(['never-committed']);
    await looksAfter(260);
    expect(await looksAfter(1_000)).toBe(0);
  });
});

describe('listeners', () => {
  it('get the batches after the publishers have their answers, whatever another listener does', async () => {
    const sequencer = await bench.running();
    const order: string[] = [];
    sequencer.onBatches(() => {
      throw new Error('broken');
    });
    sequencer.onBatches((batches) => order.push(`batches ${batches.length}`));
    const event = newEvent(channel);
    const published = sequencer.publish(event).then(({ id }) => order.push(id));
    await settled();
    bench.store.last.answer({ batches: [batchOf(event)] });
    await published;
    expect(order.toSorted()).toEqual([event.id, 'batches 1'].toSorted());
  });

  it('run in nobody’s request', async () => {
    const request = new AsyncLocalStorage<string>();
    const sequencer = await bench.running();
    const seen: unknown[] = [];
    sequencer.onBatches(() => seen.push(request.getStore()));
    const event = newEvent(channel);
    const published = request.run('a request', () => sequencer.publish(event));
    await settled();
    bench.store.last.answer({ batches: [batchOf(event)] });
    await published;
    expect(seen).toEqual([undefined]);
  });
});
