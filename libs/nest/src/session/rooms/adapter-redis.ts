import { EventEmitter } from 'node:events';
import { safely } from '../../core/safely.js';
import type { RedisPublisher } from '../../redis/redis-publisher.js';
import type { RedisSubscriber } from '../../redis/redis-subscriber.js';
import type { Recorder } from '../../telemetry/recorder.js';
import { withBareHandshakes } from './bare-handshake.js';
import { roomMessagesFailed, roomMessagesLost } from '../session.metrics.js';

/**
 * What Socket.IO's Redis adapter takes for its publishing client. The adapter looks at no answer: with a client whose
 * `publish` rejects, a Redis that is away would end the process.
 */
export class AdapterPublisher extends EventEmitter {
  constructor(
    private readonly redis: RedisPublisher,
    private readonly recorder: Recorder,
  ) {
    super();
    // Each namespace listens.
    this.setMaxListeners(0);
  }

  publish(channel: string, payload: string | Buffer): void {
    const message = { channel, payload: withBareHandshakes(payload) };
    this.redis.publish([message], (count) => this.recorder.count(roomMessagesLost, {}, count));
  }

  /** The adapter counts the nodes with it; whoever asked gets the failure. */
  send_command(name: string, args: string[], callback: (error: unknown, answer?: unknown) => void): void {
    const answered = safely('The count of nodes', callback);
    this.redis.connection.client.call(name, ...args).then((answer) => answered(undefined, answer), answered);
  }
}

/**
 * What it takes for its subscribing client. The adapter's listeners may throw and reject, at a message that it did not
 * expect or at data of the application that is not JSON: that costs the message, never the process.
 */
export class AdapterSubscriber extends EventEmitter {
  readonly #names = new Set<string>();
  /** What the patterns of adapters begin with; all of them end with their only `*`. */
  readonly #begins = new Set<string>();

  constructor(
    private readonly redis: RedisSubscriber,
    private readonly recorder: Recorder,
    /** All patterns of adapters are heard through this one. */
    private readonly pattern: string,
  ) {
    super({ captureRejections: true });
    this.setMaxListeners(0);
    this.on(
      'error',
      safely('A message between nodes', () => this.recorder.count(roomMessagesFailed, {})),
    );
    redis.listen((payload, channel, by) => {
      if (by === this.pattern || this.#names.has(channel)) this.#tell(payload, channel, by);
    });
  }

  subscribe(channels: readonly string[]): void {
    for (const channel of channels) {
      this.#names.add(channel);
      this.redis.subscribe(channel).catch(() => {});
    }
  }

  unsubscribe(channels: readonly string[]): void {
    for (const channel of channels) {
      this.#names.delete(channel);
      this.redis.unsubscribe(channel);
    }
  }

  psubscribe(pattern: string): void {
    this.#begins.add(pattern.slice(0, -1));
    if (this.#begins.size === 1) this.redis.psubscribe(this.pattern, (name) => this.#isAsked(name)).catch(() => {});
  }

  punsubscribe(pattern: string): void {
    this.#begins.delete(pattern.slice(0, -1));
    if (this.#begins.size === 0) this.redis.punsubscribe(this.pattern);
  }

  /** Other installations, other versions and namespaces of other applications come by the same pattern. */
  #isAsked(channel: string): boolean {
    for (const begin of this.#begins) if (channel.startsWith(begin)) return true;
    return false;
  }

  #tell(payload: Buffer, channel: string, pattern: string | undefined): void {
    try {
      if (pattern === undefined) this.emit('messageBuffer', channel, payload);
      else this.emit('pmessageBuffer', pattern, channel, payload);
    } catch {
      this.recorder.count(roomMessagesFailed, {});
    }
  }
}
