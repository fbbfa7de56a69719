import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';

const bounds = { minMs: 500, maxMs: 20_000 };

describe('the backoff', () => {
  it.each([
    [0, 500],
    [1, 1_000],
    [2, 2_000],
    [5, 16_000],
    [6, 20_000],
    [1_000_000, 20_000],
  ])('has after %i failures a ceiling of %i ms', (attempt, ceilingMs) => {
    expect(backoffMs(attempt, 1, bounds)).toBe(ceilingMs);
    expect(backoffMs(attempt, 0.25, bounds)).toBe(ceilingMs / 4);
  });

  it('spreads from nothing to the ceiling', () => {
    fc.assert(
      fc.property(fc.nat(2_000), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (attempt, random) => {
        const waitMs = backoffMs(attempt, random, bounds);
        expect(Number.isInteger(waitMs)).toBe(true);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(20_000);
      }),
    );
    expect(backoffMs(9, 0, bounds)).toBe(0);
  });
});
