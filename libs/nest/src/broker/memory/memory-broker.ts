import type { ChannelName } from '@millrace/protocol';
import type { EventBatch } from '../../core/stream-event.js';
import type { Recorder } from '../../telemetry/recorder.js';
import type { Broker } from '../broker.port.js';
import { batchesDelivered, batchesLost } from '../broker.metrics.js';

/** Carries batches to the hub of its own node: the whole broker of an application that runs without Redis. */
export class MemoryBroker implements Broker {
  readonly #channels = new Set<ChannelName>();
  #deliver: ((batch: EventBatch) => void) | undefined;

  constructor(private readonly recorder: Recorder) {}

  start(deliver: (batch: EventBatch) => void): Promise<void> {
    this.#deliver = deliver;
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#deliver = undefined;
    this.#channels.clear();
    return Promise.resolve();
  }

  publish(batches: readonly EventBatch[]): void {
    for (const batch of batches) this.hand(batch, 'own');
  }

  /** Hands `batch` to the hub, if the hub follows its channel. */
  hand(batch: EventBatch, from: (typeof batchesDelivered.labels.from)[number]): void {
    if (!this.#deliver || !this.#channels.has(batch.channel)) return;
    try {
      this.#deliver(batch);
      this.recorder.count(batchesDelivered, { from });
    } catch {
      // The publisher has done its part. What the hub did not take, its look into the log finds.
      this.recorder.count(batchesLost, { reason: 'failed' });
    }
  }

  subscribe(channel: ChannelName): Promise<void> {
    this.#channels.add(channel);
    return Promise.resolve();
  }

  unsubscribe(channel: ChannelName): void {
    this.#channels.delete(channel);
  }
}
