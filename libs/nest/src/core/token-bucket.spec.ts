import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullBucket, takeToken } from './token-bucket.js';

const rate = { perSecond: 10, burst: 3 };

describe('the token bucket', () => {
  it.each([
    ['full', { tokens: 3, at: 0 }, 0, { allowed: true, next: { tokens: 2, at: 0 } }],
    ['the last token', { tokens: 1, at: 0 }, 0, { allowed: true, next: { tokens: 0, at: 0 } }],
    ['empty', { tokens: 0, at: 0 }, 0, { allowed: false, next: { tokens: 0, at: 0 }, retryAfterMs: 100 }],
    ['half a token', { tokens: 0, at: 0 }, 50, { allowed: false, next: { tokens: 0.5, at: 50 }, retryAfterMs: 50 }],
    ['grown back', { tokens: 0, at: 0 }, 100, { allowed: true, next: { tokens: 0, at: 100 } }],
    ['never above the burst', { tokens: 2, at: 0 }, 60_000, { allowed: true, next: { tokens: 2, at: 60_000 } }],
    ['a clock that steps back', { tokens: 1, at: 900 }, 100, { allowed: true, next: { tokens: 0, at: 100 } }],
  ])('%s', (_, bucket, now, decision) => {
    expect(takeToken(bucket, rate, now)).toEqual(decision);
  });

  it('starts full', () => {
    expect(fullBucket(rate, 5)).toEqual({ tokens: 3, at: 5 });
  });

  it('lets through no more than the burst and what grew since, whatever the rhythm', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 200 }), (pauses) => {
        let bucket = fullBucket(rate, 0);
        let now = 0;
        let allowed = 0;
        for (const pause of pauses) {
          now += pause;
          const decision = takeToken(bucket, rate, now);
          bucket = decision.next;
          if (decision.allowed) allowed++;
        }
        expect(allowed).toBeLessThanOrEqual(rate.burst + (now * rate.perSecond) / 1000 + 1e-6);
      }),
    );
  });

  it('lets through whoever waits as long as it was told', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), fc.integer({ min: 1, max: 50 }), (perSecond, burst) => {
        let decision = takeToken({ tokens: 0, at: 0 }, { perSecond, burst }, 0);
        if (!decision.allowed) decision = takeToken(decision.next, { perSecond, burst }, decision.retryAfterMs);
        expect(decision.allowed).toBe(true);
      }),
    );
  });
});
