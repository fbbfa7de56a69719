import { NAMESPACE, type ChannelName, type LiveFrame } from '@millrace/protocol';
import { Emitter } from '@socket.io/redis-emitter';
import type { LiveEvent } from '../../core/stream-event.js';
import { roomOf } from '../../hub/room.js';
import type { RedisPublisher } from '../../redis/redis-publisher.js';
import type { LiveSink } from '../../stream/live-sink.port.js';
import type { Recorder } from '../../telemetry/recorder.js';
import { roomMessagesLost } from '../session.metrics.js';
import { AdapterPublisher } from './adapter-redis.js';
import type { RoomsKey } from './rooms-key.js';
import { LineLogger } from '../../core/log/line-logger.js';

/** Live events of a process without sessions: they reach those of the nodes over Redis, or nobody. */
export class RemoteLive implements LiveSink {
  readonly #logger = new LineLogger();
  #emitter: Emitter | undefined;
  #hasWarned = false;

  constructor(private readonly recorder: Recorder) {}

  connect(publisher: RedisPublisher, key: RoomsKey): void {
    this.#emitter = new Emitter(new AdapterPublisher(publisher, this.recorder), { key: key.own }, NAMESPACE);
  }

  live(channel: ChannelName, event: LiveEvent): void {
    const frame: LiveFrame = { channel, events: [event] };
    if (this.#emitter) this.#emitter.to(roomOf(channel)).emit('live', frame);
    else this.#lost();
  }

  #lost(): void {
    this.recorder.count(roomMessagesLost, {});
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#logger.warn('A live event reached nobody: a process without sessions needs `redis` for live channels');
  }
}
