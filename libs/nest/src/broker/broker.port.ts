import type { ChannelName } from '@millrace/protocol';
import type { EventBatch } from '../core/stream-event.js';

/**
 * Carries numbered events between nodes. It may lose, double and swap messages: the hub checks every batch and the
 * log is the truth. It must never throw into a publisher: what it cannot carry it counts.
 */
export interface Broker {
  start(deliver: (batch: EventBatch) => void): Promise<void>;
  stop(): Promise<void>;
  /** Never rejects. */
  publish(batches: readonly EventBatch[]): void;
  /** Resolves when batches of `channel` published from now on will be delivered here. */
  subscribe(channel: ChannelName): Promise<void>;
  unsubscribe(channel: ChannelName): void;
}
