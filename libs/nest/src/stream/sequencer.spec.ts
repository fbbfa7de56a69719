import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import { FakeClock, settled } from '../core/testing/fake-clock.js';
import { Sequencer } from './sequencer.js';
import { passes, publishesRefused, publishesWaiting } from './stream.metrics.js';
import { defaultStreamOptions } from './stream.options.js';
import { failureOf } from './testing/failure-of.js';
import { MemoryRecorder } from './testing/memory-recorder.js';
import { batchOf, ScriptedStore } from './testing/scripted-store.js';
import { newChannel, newEvent } from './testing/stream-harness.js';

const channel = newChannel();
let clock: FakeClock;
let store: ScriptedStore;
let recorder: MemoryRecorder;
const started: Sequencer[] = [];

beforeEach(() => {
  clock = new FakeClock();
  store = new ScriptedStore();
  recorder = new MemoryRecorder();
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  vi.spyOn(Logger.prototype, 'error').mockReturnValue();
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const sequencer of started.splice(0)) {
    const stopped = sequencer.stop();
    await settled();
    store.calls.at(-1)?.answer();
    await stopped;
  }
});

/** A sequencer whose first pass, the one of its start, has ended. */
async function running(more: Partial<typeof defaultStreamOptions> = {}): Promise<Sequencer> {
  const options = { ...defaultStreamOptions, ...more };
  const sequencer = new Sequencer({ store, options, clock, recorder, random: () => 0.5 });
  started.push(sequencer);
  sequencer.start();
  await settled();
  store.last.answer();
  await settled();
  store.calls.length = 0;
  return sequencer;
}

describe('group commit', () => {
  it('puts what is published in one turn into one pass', async () => {
    const sequencer = await running();
    const published = [newEvent(channel), newEvent(channel)].map((event) => sequencer.publish(event));
    await settled();
    expect(store.calls).toHaveLength(1);
    store.last.answer();
    expect(await Promise.all(published)).toMatchObject([{ offset: 1 }, { offset: 2 }]);
  });

  it('runs one pass at a time, and one more for all that came meanwhile', async () => {
    const sequencer = await running();
    const first = sequencer.publish(newEvent(channel));
    await settled();
    const later = [sequencer.publish(newEvent(channel)), sequencer.publish(newEvent(channel))];
    sequencer.kick();
    sequencer.kick();
    await settled();
    expect(store.calls).toHaveLength(1);
    store.last.answer();
    await first;
    await settled();
    expect(store.calls).toHaveLength(2);
    expect(store.last.direct).toHaveLength(2);
    store.last.answer();
    await Promise.all(later);
    await settled();
    expect(store.calls).toHaveLength(2);
  });

  it('bounds a pass, and goes on with the rest', async () => {
    const sequencer = await running({ passMaxEvents: 2 });
    const published = [1, 2, 3].map(() => sequencer.publish(newEvent(channel)));
    await settled();
    expect(store.last.direct).toHaveLength(2);
    store.last.answer();
    await settled();
    expect(store.last.direct).toHaveLength(1);
    store.last.answer();
    expect(await Promise.all(published)).toHaveLength(3);
  });

  it('passes again while staged events are left, and keeps what has to wait at the front', async () => {
    const sequencer = await running();
    const event = newEvent(channel);
    const published = sequencer.publish(event);
    await settled();
    store.last.answer({ direct: [{ kind: 'waiting' }], more: true });
    await settled();
    expect(store.last.direct).toEqual([event]);
    store.last.answer();
    expect(await published).toMatchObject({ id: event.id });
  });
});

describe('bounds and refusals', () => {
  it('says OVERLOADED beyond its bound', async () => {
    const sequencer = await running({ maxWaitingPublishes: 1 });
    const first = sequencer.publish(newEvent(channel));
    await expect(sequencer.publish(newEvent(channel))).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(recorder.valueOf(publishesRefused, { reason: 'overloaded' })).toBe(1);
    await settled();
    store.last.answer();
    await first;
    await settled();
    expect(recorder.valueOf(publishesWaiting)).toBe(0);
  });

  it('fails the one publish that cannot be stored', async () => {
    const sequencer = await running();
    const [bad, good] = [sequencer.publish(newEvent(channel)), sequencer.publish(newEvent(channel))];
    const failure = failureOf(bad);
    await settled();
    const { direct } = await scriptedResult();
    store.last.answer({ direct: [{ kind: 'failed', error: new CodedError('EVENT_INVALID') }, ...direct.slice(1)] });
    expect(await failure).toMatchObject({ code: 'EVENT_INVALID' });
    expect(await good).toMatchObject({ offset: 1 });
  });

  it('refuses to publish before its start and after its stop', async () => {
    const sequencer = new Sequencer({ store, options: defaultStreamOptions, clock, recorder });
    await expect(sequencer.publish(newEvent(channel))).rejects.toMatchObject({ code: 'DRAINING' });
    sequencer.kick();
    await settled();
    expect(store.calls).toHaveLength(0);
  });
});

describe('a database that does not answer', () => {
  const lost = new CodedError('STREAM_UNAVAILABLE');

  it('tries the same events again, with growing delays that no hint shortens', async () => {
    const sequencer = await running();
    const event = newEvent(channel);
    const published = sequencer.publish(event);
    await settled();
    for (const delayMs of [30, 60, 120]) {
      store.last.fail(lost);
      await settled();
      const calls = store.calls.length;
      sequencer.kick();
      await clock.advance(delayMs - 1);
      expect(store.calls).toHaveLength(calls);
      await clock.advance(1);
      expect(store.last.direct[0]).toBe(event);
      expect(store.calls).toHaveLength(calls + 1);
    }
    store.last.answer();
    expect(await published).toMatchObject({ id: event.id });
    expect(recorder.valueOf(passes, { outcome: 'failed' })).toBe(3);
  });

  it('gives an event up after its time, and says that nobody knows', async () => {
    const sequencer = await running({ publishTimeoutMs: 100 });
    const published = sequencer.publish(newEvent(channel));
    const failure = failureOf(published);
    await settled();
    await clock.advance(101);
    store.last.fail(lost);
    expect(await failure).toMatchObject({ code: 'STREAM_UNAVAILABLE', detail: { outcome: 'unknown' } });
  });
});

describe('poll', () => {
  it('looks with the try lock, whoever else passes', async () => {
    const sequencer = await running({ pollIntervalMs: 500 });
    const before = sequencer.lastPassAt;
    await clock.advance(500);
    expect(store.calls.map(({ mode }) => mode)).toEqual(['try']);
    store.last.answer({ ran: false });
    await settled();
    expect(sequencer.lastPassAt).toBe((before ?? 0) + 500);
    expect(recorder.valueOf(passes, { outcome: 'busy' })).toBe(1);
    await clock.advance(500);
    expect(store.calls).toHaveLength(2);
  });

  it('waits for the lock when somebody waits for an answer', async () => {
    const sequencer = await running();
    const published = sequencer.publish(newEvent(channel));
    await settled();
    expect(store.last.mode).toBe('wait');
    store.last.answer();
    await published;
  });
});

describe('seek', () => {
  const looksAfter = async (byMs: number): Promise<number> => {
    const before = store.calls.length;
    for (let elapsed = 0; elapsed < byMs; elapsed++) {
      await clock.advance(1);
      store.last.answer();
      await settled();
    }
    return store.calls.length - before;
  };

  it('looks again after 2, 4, 8, 16, 32, 50 ms until it has numbered the event', async () => {
    const sequencer = await running({ pollIntervalMs: 1_000_000 });
    const event = newEvent(channel);
    sequencer.kick();
    await settled();
    store.last.answer();
    await settled();
    sequencer.seek([event.id]);
    expect(await looksAfter(2)).toBe(1);
    expect(await looksAfter(3)).toBe(0);
    expect(await looksAfter(1)).toBe(1);
    expect(await looksAfter(8 + 16 + 32)).toBe(3);
    expect(await looksAfter(100)).toBe(2);
    await clock.advance(50);
    store.last.answer({ batches: [batchOf(event)] });
    await settled();
    // One look was on its way already.
    expect(await looksAfter(500)).toBeLessThanOrEqual(1);
  });

  it('leaves it to the poll after a while', async () => {
    const sequencer = await running({ pollIntervalMs: 1_000_000, seekTimeoutMs: 200 });
    sequencer.kick();
    await settled();
    store.last.answer();
    sequencer.seek(['never-committed']);
    await looksAfter(260);
    expect(await looksAfter(1_000)).toBe(0);
  });
});

describe('listeners', () => {
  it('get the batches after the publishers have their answers, whatever another listener does', async () => {
    const sequencer = await running();
    const order: string[] = [];
    sequencer.onBatches(() => {
      throw new Error('broken');
    });
    sequencer.onBatches((batches) => order.push(`batches ${batches.length}`));
    const event = newEvent(channel);
    const published = sequencer.publish(event).then(({ id }) => order.push(id));
    await settled();
    store.last.answer({ batches: [batchOf(event)] });
    await published;
    expect(order.toSorted()).toEqual([event.id, 'batches 1'].toSorted());
  });

  it('run in nobody’s request', async () => {
    const request = new AsyncLocalStorage<string>();
    const sequencer = await running();
    const seen: unknown[] = [];
    sequencer.onBatches(() => seen.push(request.getStore()));
    const event = newEvent(channel);
    const published = request.run('a request', () => sequencer.publish(event));
    await settled();
    store.last.answer({ batches: [batchOf(event)] });
    await published;
    expect(seen).toEqual([undefined]);
  });
});

describe('stop', () => {
  it('answers what is in flight and what waits', async () => {
    const sequencer = await running();
    const inFlight = sequencer.publish(newEvent(channel));
    await settled();
    const waiting = sequencer.publish(newEvent(channel));
    const stopped = sequencer.stop();
    await expect(sequencer.publish(newEvent(channel))).rejects.toMatchObject({ code: 'DRAINING' });
    store.last.answer();
    await settled();
    store.last.answer();
    expect(await Promise.all([inFlight, waiting])).toMatchObject([{ offset: 1 }, { offset: 2 }]);
    await stopped;
    expect(clock.pending).toBe(0);
  });

  it('fails what waits when the database does not answer', async () => {
    const sequencer = await running();
    const published = [sequencer.publish(newEvent(channel)), sequencer.publish(newEvent(channel))];
    const outcomes = Promise.allSettled(published);
    await settled();
    const stopped = sequencer.stop();
    store.last.fail(new CodedError('STREAM_UNAVAILABLE'));
    await stopped;
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(clock.pending).toBe(0);
  });
});

/** What the scripted store answers by default, for tests that change a part of it. */
async function scriptedResult() {
  const other = new ScriptedStore();
  const result = other.pass(store.last.direct, 'wait');
  other.last.answer();
  const { direct } = await result;
  return {
    direct: direct.map((entry, index) =>
      entry.kind === 'stored' ? { ...entry, offset: index as typeof entry.offset } : entry,
    ),
  };
}
