import { safely } from '../core/safely.js';
import type { MessageSeal } from './message-seal.js';
import { RefusedMessages } from './refused-messages.js';
import { refusalIn } from './redis-refusal.js';
import { RedisConnection, type RedisConnectionParts } from './redis-connection.js';

export interface RedisSubscriberParts extends RedisConnectionParts {
  readonly seal: Pick<MessageSeal, 'open'>;
}

/** `pattern` is there when the message came by a pattern. */
export type RedisListener = (payload: Buffer, channel: string, pattern: string | undefined) => void;

type Kind = 'subscribe' | 'psubscribe';
type IsAsked = (channel: string) => boolean;

/** Channels in one command. */
const CHUNK = 500;

/**
 * What a node hears over Redis. It remembers what is wanted: after an outage everything is subscribed again, and what
 * was said meanwhile is not heard. Nor is what no node of the installation can have said.
 */
export class RedisSubscriber {
  readonly connection: RedisConnection;
  readonly #wanted = { subscribe: new Set<string>(), psubscribe: new Set<string>() };
  readonly #listeners = new Set<RedisListener>();
  /** Which channels of a pattern this node looks at. */
  readonly #asked = new Map<string, IsAsked>();
  /** Of what is wanted, and why. */
  readonly #refused = new Map<string, { readonly kind: Kind; readonly reason: string }>();

  readonly #refusedMessages: RefusedMessages;

  constructor(private readonly parts: RedisSubscriberParts) {
    this.#refusedMessages = new RefusedMessages(parts.recorder, parts.clock);
    this.connection = new RedisConnection('subscriber', parts);
    this.connection.onUp(() => {
      for (const kind of ['subscribe', 'psubscribe'] as const) this.#again(kind);
    });
    const { client } = this.connection;
    client.on(
      'messageBuffer',
      safely('A message of Redis', (channel: Buffer, payload: Buffer) => this.#tell(payload, channel)),
    );
    client.on(
      'pmessageBuffer',
      safely('A message of Redis', (pattern: string | Buffer, channel: Buffer, payload: Buffer) =>
        this.#tell(payload, channel, String(pattern)),
      ),
    );
  }

  get isUp(): boolean {
    return this.connection.isUp && this.#refused.size === 0;
  }

  /** Why Redis does not let this node hear something that it wants to hear. */
  get refusal(): string | undefined {
    return this.#refused.values().next().value?.reason;
  }

  /** Asks again for what was refused: an administrator may have allowed it. One command a name, for few are refused alone. */
  async retryRefused(): Promise<void> {
    for (const [name, { kind }] of [...this.#refused].slice(0, CHUNK)) {
      const stillRefused = await this.#ask(kind, [name]).then(
        () => false,
        () => true,
      );
      if (stillRefused) return;
    }
  }

  start(): void {
    this.connection.start();
  }

  stop(): Promise<void> {
    return this.connection.stop();
  }

  /** Every message of every channel; `listener` knows its own by their names. */
  listen(listener: RedisListener): () => void {
    const heard = safely('A listener of Redis', listener);
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
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

  /** The same for all channels of `pattern` for which `isAsked`: others are dropped by their names, and not counted. */
  psubscribe(pattern: string, isAsked: IsAsked = () => true): Promise<void> {
    this.#asked.set(pattern, isAsked);
    return this.#want('psubscribe', pattern);
  }

  punsubscribe(pattern: string): void {
    this.#asked.delete(pattern);
    this.#forget('psubscribe', pattern);
  }

  async #want(kind: Kind, name: string): Promise<void> {
    this.#wanted[kind].add(name);
    await this.#ask(kind, [name]);
  }

  #forget(kind: Kind, name: string): void {
    this.#refused.delete(name);
    this.#tellRefused();
    if (!this.#wanted[kind].delete(name) || !this.connection.isUp) return;
    const { client } = this.connection;
    void (kind === 'subscribe' ? client.unsubscribe(name) : client.punsubscribe(name)).catch(() => {});
  }

  #again(kind: Kind): void {
    const names = [...this.#wanted[kind]];
    for (const name of names) this.#refused.delete(name);
    for (let first = 0; first < names.length; first += CHUNK) {
      // A connection that breaks meanwhile is followed by another one, on which all is subscribed again.
      void this.#ask(kind, names.slice(first, first + CHUNK)).catch(() => {});
    }
  }

  async #ask(kind: Kind, names: readonly string[]): Promise<void> {
    try {
      await this.connection.client[kind](...names);
      for (const name of names) this.#refused.delete(name);
    } catch (error) {
      const reason = refusalIn(error);
      // All or nothing: Redis subscribes to none of them.
      if (reason !== undefined) for (const name of names) this.#refused.set(name, { kind, reason });
      throw error;
    } finally {
      this.#tellRefused();
    }
  }

  #tellRefused(): void {
    this.connection.setRefused(this.#refused.size > 0);
  }

  #tell(sealed: Buffer, channel: Buffer, pattern?: string): void {
    const name = channel.toString();
    // Before its seal is looked at: that of another installation would count as forged.
    if (pattern !== undefined && !this.#asked.get(pattern)?.(name)) return;
    const payload = this.parts.seal.open(name, sealed);
    if (typeof payload === 'string') return this.#refusedMessages.add(payload, name);
    for (const listener of this.#listeners) listener(payload, name, pattern);
  }
}
