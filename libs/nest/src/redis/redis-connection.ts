import { Redis } from 'ioredis';
import { backoffMs, type Backoff } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { safely } from '../core/safely.js';
import { inTime, LATE } from '../core/in-time.js';
import type { Random } from '../core/random.js';
import { Rounds } from '../core/rounds.js';
import type { Recorder } from '../telemetry/recorder.js';
import { redisLost, redisUp } from './redis.metrics.js';
import type { RedisRole } from './redis-role.js';
import { LineLogger } from '../core/log/line-logger.js';

export interface RedisConnectionParts {
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly recorder: Recorder;
}

const RETRY: Backoff = { firstMs: 50, maxMs: 2_000 };
const CONNECT_TIMEOUT_MS = 3_000;
/** A connection that says nothing is noticed within {@link PING_INTERVAL_MS} + {@link PING_TIMEOUT_MS}. */
const PING_INTERVAL_MS = 2_000;
const PING_TIMEOUT_MS = 3_000;
const CLOSE_TIMEOUT_MS = 500;

/**
 * One connection to Redis, opened anew whenever it broke. A half-open one looks open to everybody, so it is asked every
 * two seconds and given up when it does not answer. What is asked of it while it is away fails at once: nothing is kept
 * for later, since by then the log has brought it.
 */
export class RedisConnection {
  readonly client: Redis;
  readonly #logger = new LineLogger();
  readonly #pings: Rounds;
  readonly #readyListeners: (() => void)[] = [];
  #state: 'new' | 'up' | 'down' | 'stopped' = 'new';

  constructor(
    private readonly role: RedisRole,
    private readonly parts: RedisConnectionParts,
  ) {
    const { url, clock, random } = parts;
    this.client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      disconnectTimeout: CLOSE_TIMEOUT_MS,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      // What is in flight when the connection ends has failed.
      maxRetriesPerRequest: 0,
      retryStrategy: (attempts) => backoffMs(attempts, random(), RETRY),
      connectionName: `millrace-${role}`,
    });
    this.client.on(
      'ready',
      safely('Redis that is ready', () => this.#up()),
    );
    this.client.on(
      'close',
      safely('Redis that closed', () => this.#down('closed')),
    );
    // Without a listener the client writes to the console. The last word on a connection is its end.
    this.client.on(
      'error',
      safely('Redis that failed', (error: unknown) => this.#failed(error)),
    );
    this.#pings = new Rounds(clock, PING_INTERVAL_MS, () => this.#ping());
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Redis answers, and refuses what this connection is for: it does not count as up until it is allowed. */
  setRefused(isRefused: boolean): void {
    if (this.isUp) this.parts.recorder.set(redisUp, { connection: this.role }, isRefused ? 0 : 1);
  }

  /** `listener` runs each time the connection is there, before anything else can be asked of it. */
  onUp(listener: () => void): void {
    this.#readyListeners.push(listener);
  }

  /** Does not wait for Redis: a node works without it. */
  start(): void {
    // The client tries again by itself, and says why by `error`.
    void this.client.connect().catch(() => {});
    this.#pings.start();
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.parts.recorder.set(redisUp, { connection: this.role }, 0);
    this.client.disconnect();
    await this.#pings.stop();
  }

  #up(): void {
    if (this.#state === 'stopped') return;
    if (this.#state === 'down') this.#logger.log(`Redis answers again (${this.role})`);
    this.#state = 'up';
    this.parts.recorder.set(redisUp, { connection: this.role }, 1);
    for (const listener of this.#readyListeners) safely('A listener of Redis', listener)();
  }

  #down(reason: 'closed' | 'silent'): void {
    if (this.#state !== 'up') return;
    this.#state = 'down';
    this.parts.recorder.set(redisUp, { connection: this.role }, 0);
    this.parts.recorder.count(redisLost, { connection: this.role, reason });
    this.#logger.warn(
      `The connection to Redis is lost (${this.role}, ${reason}); until it is back, events come from the log`,
    );
  }

  /** Once an outage: the client tries again and again. */
  #failed(error: unknown): void {
    if (this.#state !== 'new') return;
    this.#state = 'down';
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.warn(`Redis cannot be reached (${this.role}): ${reason}. It is tried again; events come from the log`);
  }

  /** A connection whose greeting is not answered hangs as well. */
  async #ping(): Promise<void> {
    const { status } = this.client;
    if (status !== 'ready' && status !== 'connect') return;
    const answer: Promise<unknown> = status === 'ready' ? this.client.ping() : this.#greeted();
    if ((await inTime(this.parts.clock, PING_TIMEOUT_MS, answer)) !== LATE || this.#state === 'stopped') return;
    this.#down('silent');
    this.client.disconnect(true);
  }

  #greeted(): Promise<void> {
    return new Promise((resolve) => {
      for (const event of ['ready', 'close'])
        this.client.once(
          event,
          safely('The greeting of Redis', () => resolve()),
        );
    });
  }
}
