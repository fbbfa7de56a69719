import { fullBucket, takeToken, type BucketRate, type TokenBucket } from '../core/token-bucket.js';
import type { FrameOptions } from './limits.options.js';

/** How many frames are taken, and how many may come before the connection is cut. */
export interface FrameRates {
  readonly taken: BucketRate;
  readonly heard: BucketRate;
}

/** What one connection has left of both. */
export interface FrameMeter {
  readonly taken: TokenBucket;
  readonly heard: TokenBucket;
}

export type Verdict =
  | { readonly kind: 'take'; readonly next: FrameMeter }
  | { readonly kind: 'refuse'; readonly next: FrameMeter; readonly retryAfterMs: number }
  | { readonly kind: 'cut' };

/** Of what is taken. A client that sends again what was refused, as it is told, stays far below. */
const HEARD = { times: 4, burstTimes: 5 };
/** However few frames are taken: to hear so many costs next to nothing. */
const LEAST_HEARD: BucketRate = { perSecond: 200, burst: 1_000 };

export function frameRates({ framesPerSecond, frameBurst }: FrameOptions): FrameRates {
  return {
    taken: { perSecond: framesPerSecond, burst: frameBurst },
    heard: {
      perSecond: Math.max(LEAST_HEARD.perSecond, framesPerSecond * HEARD.times),
      burst: Math.max(LEAST_HEARD.burst, frameBurst * HEARD.burstTimes),
    },
  };
}

export const fullMeter = ({ taken, heard }: FrameRates, now: number): FrameMeter => ({
  taken: fullBucket(taken, now),
  heard: fullBucket(heard, now),
});

/** A packet that nobody has looked into yet. `now` is monotonic, in ms. */
export function hear(meter: FrameMeter, rates: FrameRates, now: number): Verdict {
  const heard = takeToken(meter.heard, rates.heard, now);
  if (!heard.allowed) return { kind: 'cut' };
  return { kind: 'take', next: { ...meter, heard: heard.next } };
}

/** The same for one that asks for something. */
export function hearFrame(meter: FrameMeter, rates: FrameRates, now: number): Verdict {
  const heard = hear(meter, rates, now);
  if (heard.kind !== 'take') return heard;
  const taken = takeToken(meter.taken, rates.taken, now);
  const next = { taken: taken.next, heard: heard.next.heard };
  return taken.allowed ? { kind: 'take', next } : { kind: 'refuse', next, retryAfterMs: refillMs(taken.next, rates) };
}

/**
 * Until a second's worth of frames is there. Told of the next token only, a client that waits with many frames would
 * come back with all of them for each, and most of what it sends would be refusals.
 */
function refillMs({ tokens }: TokenBucket, { taken: { perSecond, burst } }: FrameRates): number {
  return Math.ceil(((Math.min(perSecond, burst) - tokens) * 1_000) / perSecond);
}
