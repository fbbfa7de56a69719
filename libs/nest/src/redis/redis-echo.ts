import type { Clock } from '../core/clock.js';
import { inTime, LATE } from '../core/in-time.js';
import { Rounds } from '../core/rounds.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { RedisPublisher } from './redis-publisher.js';
import { redisRules } from './redis-rules.js';
import type { RedisSubscriber } from './redis-subscriber.js';
import { redisEchoes, redisUnheard } from './redis.metrics.js';
import { LineLogger } from '../core/log/line-logger.js';

export interface RedisEchoParts {
  readonly publisher: RedisPublisher;
  readonly subscriber: RedisSubscriber;
  /** Of this node. */
  readonly node: string;
  /** Begins the names of all channels, for the advice. */
  readonly prefix: string;
  /** Nodes that the database knows to run now, this one left out. */
  readonly knownNodes: () => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly recorder: Recorder;
}

/** What is wrong although the connections are open: a sentence that says what to do. */
export type EchoFault = { readonly kind: 'refused' | 'replica' | 'lost' | 'unheard'; readonly reason: string };

const INTERVAL_MS = 3_000;
const ANSWER_TIMEOUT_MS = 2_000;
/** A node says something every three seconds. */
const HEARD_MS = 15_000;
/** Rounds in a row before a silence counts: nodes come and go, and messages get lost. */
const ROUNDS = 2;

/**
 * Sends a message over Redis to itself and to the other nodes, again and again. An open connection proves little: Redis
 * may refuse the channels to its user, be a replica that hands on nothing, or not be the one that the other nodes use.
 */
export class RedisEcho {
  readonly #logger = new LineLogger();
  readonly #rounds: Rounds;
  readonly #heard = new Map<string, number>();
  #channel: string | undefined;
  #answered = (): void => {};
  #silence = (): void => {};
  #missed = 0;
  #unheardFor = 0;
  #upSince: number | undefined;
  #fault: EchoFault | undefined;
  #returnedAt: number | undefined;

  constructor(private readonly parts: RedisEchoParts) {
    this.#rounds = new Rounds(parts.clock, INTERVAL_MS, () => this.#round());
  }

  get fault(): EchoFault | undefined {
    return this.#fault;
  }

  /** When the last message that came back was heard. Monotonic. */
  get returnedAt(): number | undefined {
    return this.#returnedAt;
  }

  /** `channel` must be of the kind that events go over, so that what is refused to them is refused to it. */
  start(channel: string): void {
    if (this.#channel !== undefined) return;
    this.#channel = channel;
    this.#silence = this.parts.subscriber.listen((payload, name) => {
      if (name === channel) this.#hear(payload.toString());
    });
    this.parts.subscriber.subscribe(channel).catch(() => {});
    this.#rounds.start();
  }

  async stop(): Promise<void> {
    this.#silence();
    await this.#rounds.stop();
  }

  #hear(node: string): void {
    if (node === this.parts.node) {
      this.#returnedAt = this.parts.clock.monotonic();
      this.#answered();
    } else this.#heard.set(node, this.parts.clock.monotonic());
  }

  async #round(): Promise<void> {
    const { publisher, subscriber, clock } = this.parts;
    if (!publisher.connection.isUp || !subscriber.connection.isUp) {
      this.#upSince = undefined;
      this.#missed = this.#unheardFor = 0;
      return this.#found(undefined);
    }
    this.#upSince ??= clock.monotonic();
    // What was refused is asked for again, so that a mended rule is noticed without a new connection.
    await subscriber.retryRefused();
    this.#found((await this.#echo()) ?? (await this.#role()) ?? (await this.#unheard()));
  }

  async #echo(): Promise<EchoFault | undefined> {
    const { publisher, subscriber, clock, node, recorder } = this.parts;
    const answered = new Promise<void>((resolve) => (this.#answered = resolve));
    const refusal = await publisher.probe(this.#channel ?? '', node);
    const refused = refusal ?? subscriber.refusal;
    if (refused !== undefined) {
      recorder.count(redisEchoes, { outcome: 'refused' });
      return { kind: 'refused', reason: `Redis refuses channels to this node (${refused}): ${this.#advice()}` };
    }
    const isLost = (await inTime(clock, ANSWER_TIMEOUT_MS, answered)) === LATE;
    recorder.count(redisEchoes, { outcome: isLost ? 'lost' : 'returned' });
    this.#missed = isLost ? this.#missed + 1 : 0;
    if (this.#missed < ROUNDS) return undefined;
    return {
      kind: 'lost',
      reason: 'what this node publishes over Redis does not come back to it: is `redis.url` one server?',
    };
  }

  async #role(): Promise<EchoFault | undefined> {
    if ((await this.parts.publisher.role()) !== 'replica') return undefined;
    return {
      kind: 'replica',
      reason:
        'Redis is a read-only replica, and other nodes do not hear what is published there: name the primary in `redis.url`',
    };
  }

  /** Only nodes that were there for a while: one that starts or stops is in the database and not on Redis for a moment. */
  async #unheard(): Promise<EchoFault | undefined> {
    const { knownNodes, clock, recorder } = this.parts;
    const now = clock.monotonic();
    for (const [node, at] of this.#heard) if (now - at > HEARD_MS) this.#heard.delete(node);
    const known = await knownNodes().catch(() => []);
    const unheard = known.filter((node) => !this.#heard.has(node));
    recorder.set(redisUnheard, {}, unheard.length);
    this.#unheardFor = unheard.length > 0 && now - (this.#upSince ?? now) > HEARD_MS ? this.#unheardFor + 1 : 0;
    if (this.#unheardFor < ROUNDS) return undefined;
    const reason = `${unheard.length} of ${known.length} other nodes on this database are not heard over Redis: do all have the same \`redis.url\` and \`redis.prefix\`, and none a replica?`;
    return { kind: 'unheard', reason };
  }

  #advice(): string {
    return `allow them with ACL SETUSER <user> ${redisRules(this.parts.prefix)}`;
  }

  #found(fault: EchoFault | undefined): void {
    const before = this.#fault;
    this.#fault = fault;
    if (fault?.kind === before?.kind) return;
    if (fault) this.#logger.warn(`Live events and rooms do not reach all nodes: ${fault.reason}`);
    else if (this.#upSince !== undefined) this.#logger.log('Redis carries messages to all nodes again');
  }
}
