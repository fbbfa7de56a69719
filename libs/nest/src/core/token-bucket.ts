export interface TokenBucket {
  readonly tokens: number;
  readonly at: number;
}

export interface BucketRate {
  readonly perSecond: number;
  readonly burst: number;
}

export type BucketDecision =
  | { readonly allowed: true; readonly next: TokenBucket }
  | { readonly allowed: false; readonly next: TokenBucket; readonly retryAfterMs: number };

export function fullBucket({ burst }: BucketRate, now: number): TokenBucket {
  return { tokens: burst, at: now };
}

/**
 * Takes `count` tokens when there is one, and what is missing is owed; or says when there will be one. `now` is monotonic,
 * in ms.
 */
export function takeToken(
  bucket: TokenBucket,
  { perSecond, burst }: BucketRate,
  now: number,
  count = 1,
): BucketDecision {
  const elapsedMs = Math.max(0, now - bucket.at);
  const tokens = Math.min(burst, bucket.tokens + (elapsedMs * perSecond) / 1000);
  if (tokens >= 1) return { allowed: true, next: { tokens: tokens - count, at: now } };
  return { allowed: false, next: { tokens, at: now }, retryAfterMs: Math.ceil(((1 - tokens) * 1000) / perSecond) };
}
