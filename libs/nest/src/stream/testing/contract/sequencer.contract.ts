import { AsyncResource } from 'node:async_hooks';
import type { ChannelName } from '@millrace/protocol';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import type { EventBatch } from '../../../core/stream-event.js';
import { Sequencer } from '../../sequencer.js';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { defaultStreamOptions, type StreamOptions } from '../../stream.options.js';
import { MemoryRecorder } from '../memory-recorder.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

const NEVER_MS = 1_000_000;

export function sequencerContract(harness: () => StreamHarness): void {
  const started: Sequencer[] = [];
  const outside = new AsyncResource('outside');
  afterEach(async () => {
    for (const sequencer of started.splice(0)) await sequencer.stop();
  });

  const open = async (more: Partial<StreamOptions>): Promise<{ store: SqlStreamStore; sequencer: Sequencer }> => {
    const store = await harness().openStore(more);
    const options = { ...defaultStreamOptions, ...more };
    const sequencer = new Sequencer({ store, options, clock: systemClock, recorder: new MemoryRecorder() });
    started.push(sequencer);
    sequencer.start();
    return { store, sequencer };
  };
  const numberedOn = (sequencer: Sequencer, channel: ChannelName): Promise<EventBatch> =>
    new Promise((resolve) => {
      sequencer.onBatches((batches) => {
        const batch = batches.find((one) => one.channel === channel);
        if (batch) resolve(batch);
      });
    });

  it('numbers many direct publishes at once, each with an offset of its own', async () => {
    const { sequencer } = await open({ pollIntervalMs: NEVER_MS });
    const channel = newChannel();
    const stored = await Promise.all(Array.from({ length: 500 }, () => sequencer.publish(newEvent(channel))));
    const offsets = stored.map(({ offset }) => Number(offset)).toSorted((a, b) => a - b);
    expect(offsets).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });

  it('numbers a transaction after the kick that follows its commit', async () => {
    const { store, sequencer } = await open({ pollIntervalMs: NEVER_MS });
    const event = newEvent(newChannel());
    const batch = numberedOn(sequencer, event.channel);
    const transaction = await harness().database.begin();
    await store.stage(transaction, event);
    await transaction.commit();
    sequencer.kick();
    expect(await batch).toMatchObject({ channel: event.channel, prev: 0, events: [{ offset: 1, data: event.data }] });
  });

  it('seeks what was staged in a transaction of somebody else', async () => {
    const { store, sequencer } = await open({ pollIntervalMs: NEVER_MS, seekTimeoutMs: 20_000 });
    const event = newEvent(newChannel());
    const batch = numberedOn(sequencer, event.channel);
    const transaction = await harness().database.begin();
    await store.stage(transaction, event);
    sequencer.seek([event.id]);
    // One look at least finds nothing yet.
    const direct = outside.runInAsyncScope(() => sequencer.publish(newEvent(newChannel())));
    await transaction.commit();
    await direct;
    expect(await batch).toMatchObject({ events: [{ id: event.id }] });
  });

  it('finds by its poll what nobody announced', async () => {
    const { sequencer } = await open({ pollIntervalMs: 20 });
    const channel = newChannel();
    const batch = numberedOn(sequencer, channel);
    await harness().database.query('select millrace.publish($1::text, $2::text, $3::jsonb)', [channel, 'a.b', '1']);
    expect(await batch).toMatchObject({ events: [{ offset: 1, type: 'a.b' }] });
  });
}
