import { describe, expect, it } from 'vitest';
import { inTime, LATE } from './in-time.js';
import { FakeClock } from './testing/fake-clock.js';

const never = new Promise<string>(() => {});

describe('inTime', () => {
  it('answers with what the work comes to, and leaves no timer behind', async () => {
    const clock = new FakeClock();
    await expect(inTime(clock, 100, Promise.resolve('done'))).resolves.toBe('done');
    await expect(inTime(clock, 100, Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(clock.pending).toBe(0);
  });

  it('says LATE when the time is over, not before', async () => {
    const clock = new FakeClock();
    const answers: unknown[] = [];
    void inTime(clock, 100, never).then((answer) => answers.push(answer));
    await clock.advance(99);
    expect(answers).toEqual([]);
    await clock.advance(1);
    expect(answers).toEqual([LATE]);
  });

  it('is not concerned with work that fails after its time', async () => {
    const clock = new FakeClock();
    let fail = (_error: Error): void => {};
    const work = new Promise<string>((_, reject) => {
      fail = reject;
    });
    const answer = inTime(clock, 100, work);
    await clock.advance(100);
    fail(new Error('too late'));
    await expect(answer).resolves.toBe(LATE);
  });
});
