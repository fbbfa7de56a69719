import { expect, it } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { Backlog } from './backlog.js';

it('a backlog stands for as long as its oldest event stays the oldest', async () => {
  const clock = new FakeClock();
  const backlog = new Backlog(clock);
  const standing: number[] = [];
  for (const seq of ['1', '1', '1', '2', undefined, '3']) {
    backlog.seen(seq);
    standing.push(backlog.standsForMs);
    await clock.advance(5_000);
  }
  expect([...standing, backlog.standsForMs]).toEqual([0, 5_000, 10_000, 0, 0, 0, 5_000]);
});
