import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MemoryBroker } from '../broker/memory/memory-broker.js';
import { systemClock } from '../core/clock.js';
import type { NewEvent } from '../core/stream-event.js';
import { PgliteDatabase } from '../stream/pglite/pglite-database.js';
import { newChannel, newEvent, StreamHarness } from '../stream/testing/stream-harness.js';
import type { StreamStore } from '../stream/stream-store.port.js';
import { silentRecorder } from '../telemetry/recorder.js';
import { defaultHubOptions } from './hub.options.js';
import { Hub } from './hub.js';
import { RecordingRooms } from './testing/recording-rooms.js';

describe('Hub on a database', () => {
  const rooms = new RecordingRooms();
  const broker = new MemoryBroker(silentRecorder);
  const desk = newChannel('desk');
  let harness: StreamHarness;
  let store: StreamStore;
  let hub: Hub;

  beforeAll(async () => {
    const database = new PgliteDatabase();
    harness = new StreamHarness(database, () => database.stop());
    store = await harness.openStore();
    hub = new Hub({
      store,
      broker,
      emitter: rooms,
      audience: { lagging: () => {} },
      clock: systemClock,
      random: () => 0,
      recorder: silentRecorder,
      options: { ...defaultHubOptions, digestIntervalMs: 50, holdMs: 10 },
    });
    await hub.start();
  }, 60_000);

  afterAll(async () => {
    await hub.stop();
    await harness.close();
  });

  const publish = async (heard: boolean, ...events: readonly NewEvent[]): Promise<void> => {
    const { batches } = await store.pass(events, 'wait');
    if (heard) broker.publish(batches);
  };

  const emitted = (): number[] =>
    rooms.emitted.flatMap((one) => (one.kind === 'events' ? one.frame.events.map(({ offset }) => offset) : []));

  it('delivers, heals a lost batch and a lost last one, and resumes from every place', async () => {
    const before = newEvent(desk);
    await publish(true, before);
    await hub.attach(desk);
    const start = hub.standing(desk)!.last;
    expect(start).toMatchObject({ offset: 1, id: before.id });
    await publish(true, newEvent(desk), newEvent(desk));
    await publish(false, newEvent(desk));
    await publish(true, newEvent(desk));
    await vi.waitFor(() => expect(emitted()).toEqual([2, 3, 4, 5]), { timeout: 5_000 });
    await publish(false, newEvent(desk));
    await vi.waitFor(() => expect(emitted()).toEqual([2, 3, 4, 5, 6]), { timeout: 5_000 });
    const { last } = hub.standing(desk)!;
    const limits = { maxEvents: 10, maxBytes: 10_000 };
    const [recent, all, none] = await Promise.all([
      hub.resume(desk, { after: start, limits }),
      hub.history(desk, { after: undefined, limits }),
      hub.history(desk, { after: last, limits }),
    ]);
    expect(recent).toMatchObject({ outcome: 'complete', position: last });
    expect(all).toMatchObject({ outcome: 'complete', position: last });
    expect(all.outcome === 'complete' && all.events.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(none).toMatchObject({ outcome: 'complete', events: [], position: last });
  });
});
