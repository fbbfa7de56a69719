import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';

const bounds = { firstMs: 10, maxMs: 1_000 };

describe('backoffMs', () => {
  it.each([
    [0, 10],
    [1, 20],
    [3, 80],
    [7, 1_000],
    [5_000, 1_000],
  ])('after %d failures waits between half of %d ms and all of it', (failures, ceilingMs) => {
    expect(backoffMs(failures, 0, bounds)).toBe(ceilingMs / 2);
    expect(backoffMs(failures, 1, bounds)).toBe(ceilingMs);
  });
});
