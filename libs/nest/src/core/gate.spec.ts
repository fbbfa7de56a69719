import { describe, expect, it } from 'vitest';
import { Gate } from './gate.js';
import { settled } from './testing/fake-clock.js';

const bounds = { concurrency: 2, maxWaiting: 1, retryAfterMs: 300 };

describe('Gate', () => {
  it('runs so many, keeps so many waiting and refuses the rest', async () => {
    const gate = new Gate(bounds);
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const run = (task: number): Promise<void> =>
      gate.run(() => {
        started.push(task);
        return new Promise((resolve) => finish.push(resolve));
      });
    const all = [run(1), run(2), run(3)];
    await settled();
    expect(started).toEqual([1, 2]);
    expect(gate.isFull).toBe(true);
    await expect(run(4)).rejects.toMatchObject({ code: 'BUSY', detail: { retryAfterMs: 300 } });
    finish.shift()?.();
    await settled();
    expect(started).toEqual([1, 2, 3]);
    for (const done of finish) done();
    await Promise.all(all);
    expect(gate.isFull).toBe(false);
  });

  it('gives the place on after a failure', async () => {
    const gate = new Gate({ ...bounds, concurrency: 1 });
    const failed = gate.run(() => Promise.reject(new Error('no')));
    const next = gate.run(() => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
    await expect(gate.run(() => Promise.resolve('again'))).resolves.toBe('again');
  });
});
