import type { WireError } from '@millrace/protocol';

/** The bounds of every wait between two tries. */
export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Full jitter: anywhere between nothing and a ceiling that doubles. After a failure that hit many clients at once,
 * their retries spread evenly; equal steps would bring them back in waves.
 *
 * @param attempt how many tries failed before, 0 for the first wait
 * @param random from 0 up to 1
 */
export function backoffMs(attempt: number, random: number, { minMs, maxMs }: BackoffOptions): number {
  return Math.round(random * Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30)));
}

interface Jitter {
  readonly random: number;
  readonly backoff: BackoffOptions;
}

/** The same on top of what the server asked for: it may have told a thousand clients the same. */
export function pauseMs(
  error: Pick<WireError, 'retryAfterMs'> | undefined,
  attempt: number,
  { random, backoff }: Jitter,
): number {
  return (error?.retryAfterMs ?? 0) + backoffMs(attempt, random, backoff);
}
