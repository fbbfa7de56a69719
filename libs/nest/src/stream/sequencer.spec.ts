import { describe, expect, it } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import { settled } from '../core/testing/fake-clock.js';
import { Sequencer } from './sequencer.js';
import { publishesRefused, publishesWaiting } from './stream.metrics.js';
import { defaultStreamOptions } from './stream.options.js';
import { failureOf } from './testing/failure-of.js';
import { ScriptedStore } from './testing/scripted-store.js';
import { sequencerBench } from './testing/sequencer-bench.js';
import { newChannel, newEvent } from './testing/stream-harness.js';

const channel = newChannel();
const bench = sequencerBench();

describe('group commit', () => {
  it('puts what is published in one turn into one pass', async () => {
    const sequencer = await bench.running();
    const published = [newEvent(channel), newEvent(channel)].map((event) => sequencer.publish(event));
    await settled();
    expect(bench.store.calls).toHaveLength(1);
    bench.store.last.answer();
    expect(await Promise.all(published)).toMatchObject([{ offset: 1 }, { offset: 2 }]);
  });

  it('runs one pass at a time, and one more for all that came meanwhile', async () => {
    const sequencer = await bench.running();
    const first = sequencer.publish(newEvent(channel));
    await settled();
    const later = [sequencer.publish(newEvent(channel)), sequencer.publish(newEvent(channel))];
    sequencer.kick();
    sequencer.kick();
    await settled();
    expect(bench.store.calls).toHaveLength(1);
    bench.store.last.answer();
    await first;
    await settled();
    expect(bench.store.calls).toHaveLength(2);
    expect(bench.store.last.direct).toHaveLength(2);
    bench.store.last.answer();
    await Promise.all(later);
    await settled();
    expect(bench.store.calls).toHaveLength(2);
  });

  it('bounds a pass, and goes on with the rest', async () => {
    const sequencer = await bench.running({ passMaxEvents: 2 });
    const published = [1, 2, 3].map(() => sequencer.publish(newEvent(channel)));
    await settled();
    expect(bench.store.last.direct).toHaveLength(2);
    bench.store.last.answer();
    await settled();
    expect(bench.store.last.direct).toHaveLength(1);
    bench.store.last.answer();
    expect(await Promise.all(published)).toHaveLength(3);
  });

  it('passes again while staged events are left, and keeps what has to wait at the front', async () => {
    const sequencer = await bench.running();
    const event = newEvent(channel);
    const published = sequencer.publish(event);
    await settled();
    bench.store.last.answer({ direct: [{ kind: 'waiting' }], more: true });
    await settled();
    expect(bench.store.last.direct).toEqual([event]);
    bench.store.last.answer();
    expect(await published).toMatchObject({ id: event.id });
  });
});

describe('bounds and refusals', () => {
  it('says OVERLOADED beyond its bound', async () => {
    const sequencer = await bench.running({ maxWaitingPublishes: 1 });
    const first = sequencer.publish(newEvent(channel));
    await expect(sequencer.publish(newEvent(channel))).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(bench.recorder.valueOf(publishesRefused, { reason: 'overloaded' })).toBe(1);
    await settled();
    bench.store.last.answer();
    await first;
    await settled();
    expect(bench.recorder.valueOf(publishesWaiting)).toBe(0);
  });

  it('fails the one publish that cannot be stored', async () => {
    const sequencer = await bench.running();
    const [bad, good] = [sequencer.publish(newEvent(channel)), sequencer.publish(newEvent(channel))];
    const failure = failureOf(bad);
    await settled();
    const { direct } = await scriptedResult();
    bench.store.last.answer({
      direct: [{ kind: 'failed', error: new CodedError('EVENT_INVALID') }, ...direct.slice(1)],
    });
    expect(await failure).toMatchObject({ code: 'EVENT_INVALID' });
    expect(await good).toMatchObject({ offset: 1 });
  });

  it('refuses what would take more memory than a process may keep, however few events they are', async () => {
    const sequencer = await bench.running({ maxBufferedBytes: 1_000 });
    const sized = (id: string, bytes: number) => ({
      ...newEvent(channel),
      id,
      data: JSON.stringify('x'.repeat(bytes - 2)),
    });
    const first = sequencer.publish(sized('first', 300));
    const refused = failureOf(sequencer.publish(sized('large', 500)));
    const taken = [first, sequencer.publish(sized('second', 300))];
    expect(await refused).toMatchObject({ code: 'OVERLOADED' });
    await settled();
    bench.store.last.answer();
    expect(await Promise.all(taken)).toHaveLength(2);
    const next = sequencer.publish(sized('third', 500));
    await settled();
    bench.store.last.answer();
    expect(await next).toMatchObject({ offset: 3 });
  });

  it('refuses to publish before its start and after its stop', async () => {
    const sequencer = new Sequencer({ ...bench, options: defaultStreamOptions });
    await expect(sequencer.publish(newEvent(channel))).rejects.toMatchObject({ code: 'DRAINING' });
    sequencer.kick();
    await settled();
    expect(bench.store.calls).toHaveLength(0);
  });
});

describe('stop', () => {
  it('answers what is in flight and what waits', async () => {
    const sequencer = await bench.running();
    const inFlight = sequencer.publish(newEvent(channel));
    await settled();
    const waiting = sequencer.publish(newEvent(channel));
    const stopped = sequencer.stop();
    await expect(sequencer.publish(newEvent(channel))).rejects.toMatchObject({ code: 'DRAINING' });
    bench.store.last.answer();
    await settled();
    bench.store.last.answer();
    expect(await Promise.all([inFlight, waiting])).toMatchObject([{ offset: 1 }, { offset: 2 }]);
    await stopped;
    expect(bench.clock.pending).toBe(0);
  });

  it('fails what waits when the database does not answer', async () => {
    const sequencer = await bench.running();
    const published = [sequencer.publish(newEvent(channel)), sequencer.publish(newEvent(channel))];
    const outcomes = Promise.allSettled(published);
    await settled();
    const stopped = sequencer.stop();
    bench.store.last.fail(new CodedError('STREAM_UNAVAILABLE'));
    await stopped;
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(bench.clock.pending).toBe(0);
  });
});

/** What the scripted store answers by default, for tests that change a part of it. */
async function scriptedResult() {
  const other = new ScriptedStore();
  const result = other.pass(bench.store.last.direct, 'wait');
  other.last.answer();
  const { direct } = await result;
  return {
    direct: direct.map((entry, index) =>
      entry.kind === 'stored' ? { ...entry, offset: index as typeof entry.offset } : entry,
    ),
  };
}
