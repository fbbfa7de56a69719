import { fullBucket, takeToken, type BucketRate, type TokenBucket } from '../core/token-bucket.js';

/** Kept at most; whoever was not heard of for longest has a full bucket again. */
const MAX_KEYS = 50_000;

/** A token bucket a key. They outlive connections, and are bounded in number. */
export class TokenBuckets {
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(private readonly maxKeys = MAX_KEYS) {}

  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Milliseconds until `key` may take, or 0: then `count` tokens are taken. A request for many is taken with the first
   * token, and the rest is owed.
   */
  take(key: string, rate: BucketRate, now: number, count = 1): number {
    const decision = takeToken(this.#buckets.get(key) ?? fullBucket(rate, now), rate, now, count);
    this.#keep(key, decision.next);
    return decision.allowed ? 0 : decision.retryAfterMs;
  }

  #keep(key: string, bucket: TokenBucket): void {
    // Put last: the first is the one that was not used for longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size <= this.maxKeys) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
