/** The bounds of the waits between tries. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait after `failures` in a row: the ceiling doubles with each, and the wait is between half of it and all
 * of it, so that those who failed together do not try again together.
 *
 * @param random from 0 up to 1
 */
export function backoffMs(failures: number, random: number, { firstMs, maxMs }: Backoff): number {
  return Math.min(maxMs, firstMs * 2 ** failures) * (0.5 + random / 2);
}
