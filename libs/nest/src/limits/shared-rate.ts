import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Clock } from '../core/clock.js';
import { inTime, LATE } from '../core/in-time.js';
import { hashed } from './hashed.js';

const MINUTE_S = 60;
/** A Redis that is slower is passed over, and not asked again for a while. */
const REDIS_TIMEOUT_MS = 100;
const PASS_OVER_MS = 2_000;
/** Numbers of points that principals may have, more than an application has plans. */
const MAX_LIMITERS = 100;

interface Limiter {
  readonly memory: RateLimiterMemory;
  readonly redis: RateLimiterRedis | undefined;
}

/**
 * How often something happens in a minute to a key, over all nodes. Nobody waits for a Redis that does not answer: then
 * this node counts alone, and a limit holds for each node.
 */
export class SharedRate {
  readonly #limiters = new Map<number, Limiter>();
  #redis: { readonly client: Redis; readonly prefix: string } | undefined;
  #passOverUntil = -Infinity;

  constructor(
    private readonly name: string,
    private readonly clock: Clock,
  ) {}

  /** From now on nodes count together. */
  share(client: Redis, prefix: string): void {
    this.#redis = { client, prefix };
    this.#limiters.clear();
  }

  /** Milliseconds until `key` may come again, or 0. */
  async take(key: string, perMinute: number): Promise<number> {
    const limiter = this.#limiter(perMinute);
    return this.#ask(limiter, (one) => one.consume(hashed(key)));
  }

  /** `key` may not come for as long. */
  async block(key: string, perMinute: number, forMs: number): Promise<void> {
    const { memory, redis } = this.#limiter(perMinute);
    const seconds = forMs / 1_000;
    await memory.block(hashed(key), seconds);
    if (redis && !this.#isPassedOver) await this.#ask({ memory, redis }, (one) => one.block(hashed(key), seconds));
  }

  async #ask({ memory, redis }: Limiter, question: (one: RateLimiterAbstract) => Promise<unknown>): Promise<number> {
    if (!redis || this.#isPassedOver) return waitOf(question(memory));
    const answer = await inTime(this.clock, REDIS_TIMEOUT_MS, waitOf(question(redis)));
    if (answer !== LATE) return answer;
    this.#passOverUntil = this.clock.monotonic() + PASS_OVER_MS;
    return waitOf(question(memory));
  }

  get #isPassedOver(): boolean {
    return this.clock.monotonic() < this.#passOverUntil;
  }

  #limiter(perMinute: number): Limiter {
    const points = Math.floor(perMinute);
    const known = this.#limiters.get(points);
    if (known) return known;
    if (this.#limiters.size >= MAX_LIMITERS) this.#limiters.clear();
    const memory = new RateLimiterMemory({ points, duration: MINUTE_S, keyPrefix: this.name });
    const limiter = { memory, redis: this.#redisLimiter(points, memory) };
    this.#limiters.set(points, limiter);
    return limiter;
  }

  #redisLimiter(points: number, memory: RateLimiterMemory): RateLimiterRedis | undefined {
    if (!this.#redis) return undefined;
    const { client, prefix } = this.#redis;
    return new RateLimiterRedis({
      storeClient: client,
      points,
      duration: MINUTE_S,
      keyPrefix: `${prefix}:${this.name}`,
      insuranceLimiter: memory,
      rejectIfRedisNotReady: true,
      // Whoever is beyond it is refused without asking again.
      inMemoryBlockOnConsumed: points + 1,
    });
  }
}

/** A limiter rejects with how long to wait. */
async function waitOf(answer: Promise<unknown>): Promise<number> {
  try {
    await answer;
    return 0;
  } catch (error) {
    // Anything else is a fault of the limiter, which must not keep anybody out.
    return error instanceof RateLimiterRes ? Math.max(1, Math.ceil(error.msBeforeNext)) : 0;
  }
}
