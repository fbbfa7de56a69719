/** Time as a port, so that tests own it. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Runs `task` once after `delayMs`; the answer cancels it. Never keeps the process alive. */
  after(delayMs: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
