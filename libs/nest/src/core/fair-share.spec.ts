import { describe, expect, it } from 'vitest';
import { FairShare } from './fair-share.js';

/** How many places each of `keys` gets, when all of them take whatever they may, in turn. */
function filled(total: number, keys: readonly string[]): { held: number[]; free: number } {
  const share = new FairShare(total);
  while (keys.map((key) => share.take(key)).includes(true));
  return { held: keys.map((key) => share.of(key)), free: total - share.size };
}

describe('FairShare', () => {
  it('gives one alone half of the places', () => {
    expect(filled(10, ['a'])).toEqual({ held: [5], free: 5 });
    expect(filled(1, ['a'])).toEqual({ held: [1], free: 0 });
  });

  it.each([1, 2, 3, 9, 63])('has a place for a newcomer when %i others have taken all they may', (others) => {
    const { held, free } = filled(
      64,
      Array.from({ length: others }, (_, index) => `k${index}`),
    );
    expect(free).toBeGreaterThan(0);
    expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
  });

  it('gives all places to many who want one each', () => {
    expect(filled(4, ['a', 'b', 'c', 'd']).free).toBe(0);
  });

  it('takes no more for one who has left and comes again', () => {
    const share = new FairShare(4);
    expect([share.take('a'), share.take('a'), share.take('a')]).toEqual([true, true, false]);
    share.leave('a');
    expect(share.take('a')).toBe(true);
    expect(share.of('a')).toBe(2);
    share.leave('a');
    share.leave('a');
    expect([share.size, share.of('a')]).toEqual([0, 0]);
  });
});
