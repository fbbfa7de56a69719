import { describe, expect, it } from 'vitest';
import { Rounds } from './rounds.js';
import { FakeClock } from './testing/fake-clock.js';

/** Rounds every 100 ms that end when they are told to. */
function scene() {
  const clock = new FakeClock();
  const ends: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  const rounds = new Rounds(clock, 100, () => new Promise((resolve, reject) => ends.push({ resolve, reject })));
  return { clock, ends, rounds };
}

describe('Rounds', () => {
  it('begin after one interval, and again one interval after each end', async () => {
    const { clock, ends, rounds } = scene();
    rounds.start();
    await clock.advance(99);
    expect(ends).toHaveLength(0);
    await clock.advance(1_000);
    expect(ends).toHaveLength(1);
    ends[0]?.resolve();
    await clock.advance(99);
    expect(ends).toHaveLength(1);
    await clock.advance(1);
    expect(ends).toHaveLength(2);
  });

  it('go on after one that failed', async () => {
    const { clock, ends, rounds } = scene();
    rounds.start();
    await clock.advance(100);
    ends[0]?.reject(new Error('failed'));
    await clock.advance(100);
    expect(ends).toHaveLength(2);
  });

  it('are over once stopped, which waits for the one that runs', async () => {
    const { clock, ends, rounds } = scene();
    rounds.start();
    expect(rounds.isStopped).toBe(false);
    await clock.advance(100);
    let stopped = false;
    const stop = rounds.stop().then(() => (stopped = true));
    expect(rounds.isStopped).toBe(true);
    await clock.advance(1_000);
    expect(stopped).toBe(false);
    ends[0]?.resolve();
    await stop;
    await clock.advance(1_000);
    expect([ends.length, clock.pending]).toEqual([1, 0]);
  });

  it('leave no timer behind between two rounds', async () => {
    const { clock, rounds } = scene();
    rounds.start();
    await rounds.stop();
    expect(clock.pending).toBe(0);
  });

  it('do not begin when they were stopped before they were started', async () => {
    const { clock, rounds } = scene();
    await rounds.stop();
    rounds.start();
    expect(clock.pending).toBe(0);
  });
});
