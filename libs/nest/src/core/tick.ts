import { safely } from './safely.js';

/** Runs `task` once all that arrived with the current turn of the event loop has been taken. */
export type Tick = (task: () => void) => void;

export const nextTick: Tick = (task) => {
  setImmediate(safely('A tick', task));
};
