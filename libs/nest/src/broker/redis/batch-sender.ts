import type { EventBatch } from '../../core/stream-event.js';
import type { RedisPublisher } from '../../redis/redis-publisher.js';
import type { Recorder } from '../../telemetry/recorder.js';
import { batchesLost, batchesSent } from '../broker.metrics.js';
import { encodeBatch } from './batch-encoding.js';
import { RedisChannels } from './redis-channels.js';

export interface BatchSenderParts {
  readonly publisher: RedisPublisher;
  readonly recorder: Recorder;
  /** Tells this node's messages from those of others. */
  readonly node: string;
  /** Begins the names of the Redis channels; the installation's id follows, which the database knows. */
  readonly prefix: string;
  readonly installation: () => Promise<string>;
}

/** Says to the other nodes what was numbered here: one message a channel and pass, all of a pass at once. */
export class BatchSender {
  #channels: RedisChannels | undefined;

  constructor(private readonly parts: BatchSenderParts) {}

  async start(): Promise<RedisChannels> {
    return (this.#channels = new RedisChannels(this.parts.prefix, await this.parts.installation()));
  }

  /** Never throws. What Redis does not take, the other nodes find in the log. */
  send(batches: readonly EventBatch[]): void {
    const { publisher, recorder, node } = this.parts;
    const channels = this.#channels;
    if (!channels) return;
    const messages = batches.map((batch) => ({
      channel: channels.of(batch.channel),
      payload: encodeBatch(node, batch),
    }));
    recorder.count(batchesSent, {}, messages.length);
    publisher.publish(messages, (count) => recorder.count(batchesLost, { reason: 'unsent' }, count));
  }
}
