import { RedisConnection, type RedisConnectionParts } from './redis-connection.js';

/** `pattern` is there when the message came by a pattern. */
export type RedisListener = (payload: Buffer, channel: string, pattern: string | undefined) => void;

type Kind = 'subscribe' | 'psubscribe';

/** Channels in one command. */
const CHUNK = 500;

/**
 * What a node hears over Redis. It remembers what is wanted: after an outage everything is subscribed again, and what
 * was said meanwhile is not heard.
 */
export class RedisSubscriber {
  readonly connection: RedisConnection;
  readonly #wanted = { subscribe: new Set<string>(), psubscribe: new Set<string>() };
  readonly #listeners = new Set<RedisListener>();

  constructor(parts: RedisConnectionParts) {
    this.connection = new RedisConnection('subscriber', parts);
    this.connection.onUp(() => {
      for (const kind of ['subscribe', 'psubscribe'] as const) this.#again(kind);
    });
    const { client } = this.connection;
    client.on('messageBuffer', (channel: Buffer, payload: Buffer) => this.#tell(payload, channel));
    client.on('pmessageBuffer', (pattern: string | Buffer, channel: Buffer, payload: Buffer) =>
      this.#tell(payload, channel, String(pattern)),
    );
  }

  get isUp(): boolean {
    return this.connection.isUp;
  }

  start(): void {
    this.connection.start();
  }

  stop(): Promise<void> {
    return this.connection.stop();
  }

  /** Every message of every channel; `listener` knows its own by their names. */
  listen(listener: RedisListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves when what is published on `channel` from now on will be heard. Rejects at once while Redis is away; the
   * channel is subscribed all the same when it is back.
   */
  subscribe(channel: string): Promise<void> {
    return this.#want('subscribe', channel);
  }

  unsubscribe(channel: string): void {
    this.#forget('subscribe', channel);
  }

  psubscribe(pattern: string): Promise<void> {
    return this.#want('psubscribe', pattern);
  }

  punsubscribe(pattern: string): void {
    this.#forget('psubscribe', pattern);
  }

  async #want(kind: Kind, name: string): Promise<void> {
    this.#wanted[kind].add(name);
    await this.connection.client[kind](name);
  }

  #forget(kind: Kind, name: string): void {
    if (!this.#wanted[kind].delete(name) || !this.isUp) return;
    const { client } = this.connection;
    void (kind === 'subscribe' ? client.unsubscribe(name) : client.punsubscribe(name)).catch(() => {});
  }

  #again(kind: Kind): void {
    const names = [...this.#wanted[kind]];
    for (let first = 0; first < names.length; first += CHUNK) {
      // A connection that breaks meanwhile is followed by another one, on which all is subscribed again.
      void this.connection.client[kind](...names.slice(first, first + CHUNK)).catch(() => {});
    }
  }

  #tell(payload: Buffer, channel: Buffer, pattern?: string): void {
    const name = channel.toString();
    for (const listener of this.#listeners) listener(payload, name, pattern);
  }
}
