import { expect, it } from 'vitest';
import { SeekList } from './seek-list.js';

it('doubles its delay to a bound, and starts again for an event that joins', () => {
  const seeking = new SeekList(10_000);
  seeking.add(['a'], 0);
  expect(Array.from({ length: 7 }, () => seeking.nextDelay(1))).toEqual([2, 4, 8, 16, 32, 50, 50]);
  seeking.add(['b'], 1);
  expect(seeking.nextDelay(1)).toBe(2);
});

it('ends when every event is found or its time is over', () => {
  const seeking = new SeekList(100);
  seeking.add(['a', 'b'], 0);
  seeking.found('a');
  expect(seeking.nextDelay(99)).toBe(2);
  expect(seeking.nextDelay(100)).toBeUndefined();
  expect(seeking.isEmpty).toBe(true);
});
