import type { Clock } from './clock.js';

/** Stands for what `work` would have come to. */
export const LATE = Symbol('late');

/** What `work` comes to, or {@link LATE} after `timeoutMs`. It is not stopped, and how it ends then concerns nobody. */
export async function inTime<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T | typeof LATE> {
  let cancel = (): void => {};
  const late = new Promise<typeof LATE>((resolve) => {
    cancel = clock.after(timeoutMs, () => resolve(LATE));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
