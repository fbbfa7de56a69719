import { inBackground } from '../core/safely.js';
import { RedisConnection, type RedisConnectionParts } from './redis-connection.js';
import type { MessageSeal } from './message-seal.js';
import { refusalIn } from './redis-refusal.js';
import { redisWaitingBytes } from './redis.metrics.js';

export interface RedisPublisherParts extends RedisConnectionParts {
  readonly seal: Pick<MessageSeal, 'seal'>;
}

export interface RedisMessage {
  readonly channel: string;
  readonly payload: string | Buffer;
}

/** What Redis has not taken yet; a Redis that hangs must not become this node's memory. */
const MAX_WAITING_BYTES = 8 * 1_048_576;

/** What a node says over Redis, all of it sealed. Nobody waits for it, and nothing fails because of it. */
export class RedisPublisher {
  readonly connection: RedisConnection;
  #waitingBytes = 0;
  #isRefused = false;

  constructor(private readonly parts: RedisPublisherParts) {
    this.connection = new RedisConnection('publisher', parts);
  }

  get isUp(): boolean {
    return this.connection.isUp && !this.#isRefused;
  }

  /** Publishes one message, and says why Redis refused it, if it did. */
  async probe(channel: string, payload: string): Promise<string | undefined> {
    const sealed = this.parts.seal.seal(channel, payload);
    const refusal = await this.connection.client.publish(channel, sealed).then(() => undefined, refusalIn);
    this.#isRefused = refusal !== undefined;
    this.connection.setRefused(this.#isRefused);
    return refusal;
  }

  /** What Redis says of itself; `undefined` where it does not say. */
  async role(): Promise<string | undefined> {
    const hello: unknown = await this.connection.client.call('HELLO').catch(() => []);
    const words = Array.isArray(hello) ? (hello as unknown[]) : [];
    const role = words[words.indexOf('role') + 1];
    return typeof role === 'string' ? role : undefined;
  }

  start(): void {
    this.connection.start();
  }

  stop(): Promise<void> {
    return this.connection.stop();
  }

  /** In order and in one go. `lost` hears how many Redis has not taken, as far as this node can tell. */
  publish(messages: readonly RedisMessage[], lost: (count: number) => void): void {
    const bytes = messages.reduce((sum, { payload }) => sum + Buffer.byteLength(payload), 0);
    const isFull = this.#waitingBytes > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES;
    if (!this.isUp || isFull) return lost(messages.length);
    const sealed = messages.map(({ channel, payload }) => ({
      channel,
      payload: this.parts.seal.seal(channel, payload),
    }));
    this.#wait(bytes);
    const sent = this.#send(sealed).then((count) => {
      this.#wait(-bytes);
      if (count > 0) lost(count);
    });
    inBackground('What was said over Redis', sent);
  }

  /** How many were not taken. A pipeline costs one message more than it saves it. */
  #send(messages: readonly RedisMessage[]): Promise<number> {
    const { client } = this.connection;
    const [first] = messages;
    if (first && messages.length === 1) {
      return client.publish(first.channel, first.payload).then(
        () => 0,
        () => 1,
      );
    }
    const pipeline = client.pipeline();
    for (const { channel, payload } of messages) pipeline.publish(channel, payload);
    return pipeline.exec().then(
      (answers) => answers?.filter(([error]) => error).length ?? messages.length,
      () => messages.length,
    );
  }

  #wait(bytes: number): void {
    this.#waitingBytes += bytes;
    this.parts.recorder.set(redisWaitingBytes, {}, this.#waitingBytes);
  }
}
