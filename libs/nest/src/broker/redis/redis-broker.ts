import type { ChannelName } from '@millrace/protocol';
import type { Clock } from '../../core/clock.js';
import type { EventBatch } from '../../core/stream-event.js';
import type { RedisSubscriber } from '../../redis/redis-subscriber.js';
import type { Broker } from '../broker.port.js';
import { batchesLost, brokerLagSeconds } from '../broker.metrics.js';
import { MemoryBroker } from '../memory/memory-broker.js';
import { decodeBatch, isOwn } from './batch-encoding.js';
import { BatchSender, type BatchSenderParts } from './batch-sender.js';
import type { RedisChannels } from './redis-channels.js';

export interface RedisBrokerParts extends BatchSenderParts {
  readonly subscriber: RedisSubscriber;
  readonly clock: Clock;
}

/**
 * Carries batches to the hubs of all nodes. To its own it hands them directly: what a node numbered does not depend on
 * Redis there, and is not a round trip late.
 */
export class RedisBroker implements Broker {
  readonly #own: MemoryBroker;
  readonly #sender: BatchSender;
  #channels: RedisChannels | undefined;
  #silence = (): void => {};

  constructor(private readonly parts: RedisBrokerParts) {
    this.#own = new MemoryBroker(parts.recorder);
    this.#sender = new BatchSender(parts);
  }

  async start(deliver: (batch: EventBatch) => void): Promise<void> {
    const channels = await this.#sender.start();
    this.#channels = channels;
    await this.#own.start(deliver);
    this.#silence();
    this.#silence = this.parts.subscriber.listen((payload, name) => this.#hear(payload, channels.channelOf(name)));
  }

  stop(): Promise<void> {
    this.#silence();
    return this.#own.stop();
  }

  publish(batches: readonly EventBatch[]): void {
    this.#own.publish(batches);
    this.#sender.send(batches);
  }

  async subscribe(channel: ChannelName): Promise<void> {
    await this.#own.subscribe(channel);
    if (this.#channels) await this.parts.subscriber.subscribe(this.#channels.of(channel));
  }

  unsubscribe(channel: ChannelName): void {
    this.#own.unsubscribe(channel);
    if (this.#channels) this.parts.subscriber.unsubscribe(this.#channels.of(channel));
  }

  #hear(payload: Buffer, channel: ChannelName | undefined): void {
    if (channel === undefined || isOwn(this.parts.node, payload)) return;
    const { recorder, clock } = this.parts;
    const batch = decodeBatch(channel, payload);
    if (!batch) return recorder.count(batchesLost, { reason: 'unreadable' });
    const lagMs = clock.now() - (batch.events[0]?.time ?? clock.now());
    recorder.observe(brokerLagSeconds, {}, Math.max(0, lagMs) / 1_000);
    this.#own.hand(batch, 'other');
  }
}
