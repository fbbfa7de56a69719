/** Time as a port, so that tests own it. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Runs `task` once after `delayMs`, however long that is; the answer cancels it. Never keeps the process alive. */
  after(delayMs: number, task: () => void): () => void;
}

/** Timers hold 31 bits of milliseconds; one that is set for longer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const next = leftMs > MAX_TIMER_MS ? () => wait(leftMs - MAX_TIMER_MS) : task;
      timer = setTimeout(next, Math.min(leftMs, MAX_TIMER_MS));
      timer.unref();
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
