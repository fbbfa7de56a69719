import type { Environment } from './environment.port.js';

/** Runs `task` once at `time`, in ms since 1970, or soon when that has passed; the answer cancels it. */
export const runAt = (environment: Environment, time: number, task: () => void): (() => void) =>
  environment.after(Math.max(0, time - environment.now()), task);
