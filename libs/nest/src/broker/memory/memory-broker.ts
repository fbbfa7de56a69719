import type { ChannelName } from '@millrace/protocol';
import type { EventBatch } from '../../core/stream-event.js';
import type { Recorder } from '../../telemetry/recorder.js';
import type { Broker } from '../broker.port.js';
import { batchesDelivered, batchesLost } from '../broker.metrics.js';

/** Carries batches to the hub of its own node: the whole broker of an application that runs on one node. */
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
    for (const batch of batches) {
      if (!this.#deliver || !this.#channels.has(batch.channel)) continue;
      try {
        this.#deliver(batch);
        this.recorder.count(batchesDelivered, {});
      } catch {
        // The publisher has done its part. What the hub did not take, its look into the log finds.
        this.recorder.count(batchesLost, {});
      }
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
