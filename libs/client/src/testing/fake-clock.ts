interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/**
 * Time that only moves when a test says so.
 *
 * @publicApi
 */
export class FakeClock {
  #now: number;
  readonly #timers = new Set<Timer>();

  /** @param startAt ms since 1970 */
  constructor(startAt = 1_000_000) {
    this.#now = startAt;
  }

  /** Timers that have not fired: 0 when nothing was left open. */
  get pending(): number {
    return this.#timers.size;
  }

  /** The time of the test, in ms. */
  readonly now = (): number => this.#now;

  /** Runs `task` once the clock has come so far; the answer cancels it. */
  readonly after = (delayMs: number, task: () => void): (() => void) => {
    const timer = { at: this.#now + delayMs, task };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /** Moves on by `ms` and fires what falls due on the way, in order, with time for promises after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.task();
      await settle();
    }
    this.#now = end;
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
    return next;
  }
}

/** Lets promises that are settled already run on, and those that follow from them. @publicApi */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
