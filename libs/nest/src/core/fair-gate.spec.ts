import { describe, expect, it } from 'vitest';
import { FairGate, type GateBounds } from './fair-gate.js';
import { FakeClock, settled } from './testing/fake-clock.js';

const bounds: GateBounds = { concurrency: 4, maxWaiting: 100, retryAfterMs: 300 };

/** Tasks that run until they are told to end. */
class Tasks {
  readonly started: string[] = [];
  readonly #ends = new Map<string, () => void>();

  constructor(readonly gate: FairGate) {}

  run(key: string, name: string, signal?: AbortSignal): Promise<void> {
    const task = (): Promise<void> => {
      this.started.push(name);
      return new Promise((resolve) => this.#ends.set(name, resolve));
    };
    return this.gate.run(key, task, signal);
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    await settled();
  }
}

const numbers: number[] = [];
const watch = { waiting: (count: number) => void numbers.push(count), refused: () => void numbers.push(-1) };

describe('FairGate', () => {
  it('gives the places to the keys in turn, each key in its own order', async () => {
    const tasks = new Tasks(new FairGate(bounds));
    for (const name of ['a1', 'a2', 'a3', 'a4']) void tasks.run('a', name);
    for (const name of ['b1', 'b2', 'b3']) void tasks.run('b', name);
    expect(tasks.started).toEqual(['a1', 'a2', 'b1']);
    for (const name of ['a1', 'b1', 'a2', 'a3']) await tasks.end(name);
    expect(tasks.started).toEqual(['a1', 'a2', 'b1', 'a3', 'b2', 'a4', 'b3']);
  });

  it('lets a newcomer start at once, however many of another key run and wait', async () => {
    const tasks = new Tasks(new FairGate(bounds));
    for (let index = 0; index < 50; index++) void tasks.run('flood', `flood${index}`);
    void tasks.run('victim', 'victim');
    await settled();
    expect(tasks.started).toEqual(['flood0', 'flood1', 'victim']);
  });

  it('keeps the p99 of one key within twice the quiet one while others flood with slow tasks', async () => {
    const policyMs = 1_000;
    const waits = async (floods: readonly string[]): Promise<number> => {
      const clock = new FakeClock();
      const gate = new FairGate({ concurrency: 64, maxWaiting: 10_000, retryAfterMs: 500 });
      const slow = (): Promise<void> => new Promise((resolve) => void clock.after(policyMs, resolve));
      for (const key of floods) for (let index = 0; index < 200; index++) void gate.run(key, slow);
      const took: number[] = [];
      for (let index = 0; index < 20; index++) {
        const startedAt = clock.monotonic();
        void gate.run('victim', slow).then(() => took.push(clock.monotonic() - startedAt));
        await clock.advance(policyMs / 4);
      }
      await clock.advance(20_000);
      expect(took).toHaveLength(20);
      return Math.max(...took);
    };
    const quiet = await waits([]);
    expect(quiet).toBe(policyMs);
    expect(await waits(['flood'])).toBeLessThanOrEqual(2 * quiet);
    expect(await waits(['f1', 'f2', 'f3', 'f4', 'f5'])).toBeLessThanOrEqual(2 * quiet);
  });

  it('keeps room to wait for others, and refuses the one whose own is full', async () => {
    numbers.length = 0;
    const tasks = new Tasks(new FairGate({ ...bounds, concurrency: 1, maxWaiting: 4 }, watch));
    for (const name of ['a1', 'a2', 'a3']) void tasks.run('a', name);
    expect(tasks.gate.isFull('a')).toBe(true);
    await expect(tasks.run('a', 'a4')).rejects.toMatchObject({ code: 'BUSY', detail: { retryAfterMs: 300 } });
    expect(tasks.gate.isFull('b')).toBe(false);
    void tasks.run('b', 'b1');
    expect(numbers).toEqual([1, 2, -1, 3]);
    await tasks.end('a1');
    await tasks.end('a2');
    expect(tasks.started).toEqual(['a1', 'a2', 'b1']);
    expect(numbers.at(-1)).toBe(1);
  });

  it('forgets one who gives up waiting, and not one who runs', async () => {
    const tasks = new Tasks(new FairGate({ ...bounds, concurrency: 1 }));
    const abort = new AbortController();
    const running = tasks.run('a', 'a1', abort.signal);
    const waiting = tasks.run('a', 'a2', abort.signal);
    void tasks.run('b', 'b1');
    abort.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(tasks.run('a', 'a3', abort.signal)).rejects.toThrow('gone');
    await tasks.end('a1');
    await running;
    expect(tasks.started).toEqual(['a1', 'b1']);
  });

  it('runs a task that several keys want when the first of them has its turn, once', async () => {
    const gate = new FairGate({ ...bounds, concurrency: 1 });
    const first = await gate.take('other');
    const order: string[] = [];
    const wait = (key: string, name: string) => {
      const turn = gate.turn(key);
      const ran = turn.place.then((leave) => {
        order.push(name);
        leave();
      });
      return { turn, ran };
    };
    const all = [wait('flood', 'f1'), wait('flood', 'f2'), wait('flood', 'shared'), wait('flood', 'f4')];
    all[2]?.turn.alsoFor('victim');
    first();
    await Promise.all(all.map(({ ran }) => ran));
    expect(order).toEqual(['f1', 'shared', 'f2', 'f4']);
    all[2]?.turn.alsoFor('late');
    all[2]?.turn.giveUp(new Error('late'));
    await expect(gate.run('x', () => Promise.resolve('free'))).resolves.toBe('free');
  });

  it('starts a shared task at once where the other key may', async () => {
    const gate = new FairGate(bounds);
    await gate.take('flood');
    await gate.take('flood');
    const turn = gate.turn('flood');
    turn.alsoFor('victim');
    expect(typeof (await turn.place)).toBe('function');
  });

  it('gives the place on after a failure, and takes back each place once', async () => {
    const gate = new FairGate({ ...bounds, concurrency: 1 });
    const failed = gate.run('a', () => Promise.reject(new Error('no')));
    const next = gate.run('a', () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
    const leave = await gate.take('a');
    leave();
    leave();
    await gate.take('b');
    let isIn = false;
    void gate.take('c').then(() => (isIn = true));
    await settled();
    expect(isIn).toBe(false);
  });
});
