import { describe, expect, it } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { SharedAnswer } from './shared-answer.js';

describe('an answer that is shared', () => {
  /** Each answer takes `costMs` and says how many were made. */
  function counted(costMs: number) {
    const clock = new FakeClock();
    let count = 0;
    const answer = new SharedAnswer(async () => {
      await clock.advance(costMs);
      return ++count;
    }, clock);
    return { clock, answer };
  }

  it('is made once for all who ask meanwhile, and kept for twenty times as long as it took', async () => {
    const { clock, answer } = counted(4);
    expect(await Promise.all([answer.get(), answer.get(), answer.get()])).toEqual([1, 1, 1]);
    await clock.advance(79);
    expect(await answer.get()).toBe(1);
    await clock.advance(1);
    expect(await answer.get()).toBe(2);
  });

  it('is kept for a second at most', async () => {
    const { clock, answer } = counted(400);
    expect(await answer.get()).toBe(1);
    await clock.advance(999);
    expect(await answer.get()).toBe(1);
    await clock.advance(1);
    expect(await answer.get()).toBe(2);
  });

  it('is not kept when it failed', async () => {
    const clock = new FakeClock();
    const answers = [Promise.reject(new Error('no')), Promise.resolve('yes')];
    const answer = new SharedAnswer(() => answers.shift() ?? Promise.resolve('more'), clock);
    await expect(answer.get()).rejects.toThrow('no');
    expect(await answer.get()).toBe('yes');
  });
});
