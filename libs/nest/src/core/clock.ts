import { safely } from './safely.js';

/**
 * Time as a port, so that tests own it. What several processes lose by is decided by the database's clock, never by this
 * one; what is shown to people or compared with a token is wall time; every age, delay and time limit is monotonic.
 */
export interface Clock {
  /** Wall time of this host, in ms since 1970. It may be wrong by days and step either way. */
  now(): number;
  /** Milliseconds since some moment in this process. Never steps: a difference of two readings is a time that passed. */
  monotonic(): number;
  /** Runs `task` once after `delayMs`, however long that is; the answer cancels it. Never keeps the process alive, and what `task` throws never ends it. */
  after(delayMs: number, task: () => unknown): () => void;
}

/** Timers hold 31 bits of milliseconds; one that is set for longer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, task) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const next = safely('A timer', leftMs > MAX_TIMER_MS ? () => wait(leftMs - MAX_TIMER_MS) : task);
      timer = setTimeout(next, Math.min(leftMs, MAX_TIMER_MS));
      timer.unref();
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
