import type { Clock } from '../clock.js';

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** Time that stands still until a test moves it. Its wall time can be stepped without any time passing. */
export class FakeClock implements Clock {
  #now = 1_000_000_000_000;
  /** Far from wall time, so that a mix of the two shows. */
  #monotonic = 5_000;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { at: this.#monotonic + delayMs, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Sets the wall clock, forward or back. No time passes: no timer becomes due. */
  step(byMs: number): void {
    this.#now += byMs;
  }

  /** Runs what becomes due, in order; promises settle between two timers. */
  async advance(byMs: number): Promise<void> {
    const end = this.#monotonic + byMs;
    await settled();
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#pass(due.at);
      due.task();
      await settled();
    }
    this.#pass(end);
  }

  #pass(until: number): void {
    const passedMs = Math.max(0, until - this.#monotonic);
    this.#monotonic += passedMs;
    this.#now += passedMs;
  }
}

/** All promises that can settle without time or I/O have settled, and everything put off to the next tick has run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
