import { decodePosition, defineChannel, event, type SubscribeAnswer } from '@millrace/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryBroker } from '../broker/memory/memory-broker.js';
import { FaultyBroker, seededFaults } from '../broker/testing/faulty-broker.js';
import { settled } from '../core/testing/fake-clock.js';
import { channelNamed } from '../hub/testing/hub-bench.js';
import { silentRecorder } from '../telemetry/recorder.js';
import { ChannelBench } from './testing/channel-bench.js';
import type { FakeSession } from './testing/fake-session.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { noted: event<number>() } });
const sfo = channelNamed('desk.SFO');

/** The least that a client does: merges answers and room by offset, and subscribes again when it is told to. */
class Journal {
  readonly offsets: number[] = [];
  readonly holes: string[] = [];
  #session: FakeSession | undefined;
  #position = 'epoch1.0..0';
  #connections = 0;

  constructor(private readonly stage: ChannelBench) {}

  async connect(): Promise<void> {
    const session = this.stage.session(`s${++this.#connections}`);
    this.#session = session;
    for (;;) {
      const answer = await this.stage.subscribe(session, sfo, this.#position);
      if (this.#session !== session || answer.outcome === 'refused') return;
      this.#take(answer);
      if (answer.outcome !== 'behind') return;
    }
  }

  disconnect(): void {
    if (!this.#session) return;
    this.read();
    const session = this.#session;
    this.#session = undefined;
    this.stage.disconnect(session);
  }

  /** Takes what the room has brought; `true` when it was told to subscribe again. */
  read(): boolean {
    const { frames = [], told = [] } = this.#session ?? {};
    for (const one of frames.splice(0)) {
      if (one.kind === 'events') this.#append(one.frame.prev, one.frame.events, one.frame.epoch);
    }
    return told.splice(0).some(({ kind }) => kind === 'lagging');
  }

  #take(answer: SubscribeAnswer): void {
    if (!('events' in answer)) return;
    this.#append(decodePosition(this.#position)?.offset ?? 0, answer.events, 'epoch1');
    this.#position = answer.position;
    this.read();
  }

  #append(prev: number, events: readonly { offset: number; id: string; time: number }[], epoch: string): void {
    const last = this.offsets.at(-1) ?? 0;
    if (prev > last) this.holes.push(`${prev} after ${last}`);
    for (const { offset, id, time } of events) {
      if (offset <= last) continue;
      this.offsets.push(offset);
      this.#position = `${epoch}.${offset}.${id}.${time}`;
    }
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pause' as const), ms: fc.constantFrom(0, 10, 60, 600) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('connect' as const), client: fc.nat({ max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('race' as const), client: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disconnect' as const), client: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hold' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const) }) },
);

describe('Subscribers who come and go behind a faulty broker', () => {
  it('have the log in their journals in the end, without a hole on the way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), fc.nat(), async (steps, seed) => {
        const broker = new FaultyBroker(new MemoryBroker(silentRecorder), seededFaults(seed));
        const stage = new ChannelBench({ broker, hub: { repairMaxEvents: 6 }, options: { pageMaxEvents: 5 } });
        stage.policy(desk, { subscribe: () => true });
        const { bench } = stage;
        await bench.hub.start();
        const journals = [1, 2, 3].map(() => new Journal(stage));
        const connecting: Promise<void>[] = [];
        const connect = (journal: Journal): void => {
          journal.disconnect();
          connecting.push(journal.connect());
        };
        /** Events leave for the room while the log is read for somebody, and behind what that read has seen. */
        const race = async (journal: Journal): Promise<void> => {
          bench.store.hold();
          connect(journal);
          for (let round = 0; round < 3; round++) {
            await settled();
            bench.publish(sfo);
            await settled();
            bench.store.release();
            bench.store.hold();
          }
          bench.store.release();
          await settled();
          bench.publish(sfo);
        };
        for (const one of steps) {
          if (one.kind === 'publish') bench.publish(sfo, one.count);
          else if (one.kind === 'pause') await bench.clock.advance(one.ms);
          else if (one.kind === 'connect') connect(journals[one.client]!);
          else if (one.kind === 'disconnect') journals[one.client]!.disconnect();
          else if (one.kind === 'race') await race(journals[one.client]!);
          else if (one.kind === 'hold') bench.store.hold();
          else bench.store.release();
          for (const journal of journals) if (journal.read()) connect(journal);
        }
        bench.store.release();
        for (const journal of journals) connect(journal);
        for (let round = 0; round < 4; round++) {
          await bench.clock.advance(1_000);
          for (const journal of journals) if (journal.read()) connect(journal);
        }
        await Promise.all(connecting);
        await settled();
        for (const journal of journals) journal.read();
        const log = bench.store.eventsOf(sfo).map(({ offset }) => offset);
        expect(journals.map(({ offsets }) => offsets)).toEqual(journals.map(() => log));
        expect(journals.flatMap(({ holes }) => holes)).toEqual([]);
        await bench.hub.stop();
      }),
      { numRuns: 80 },
    );
  });
});
