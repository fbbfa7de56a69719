import { setTimeout as sleep } from 'node:timers/promises';

const STEP_MS = 20;

/** Waits until `condition` holds or fails with `what`; a condition that throws does not hold yet. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<number> {
  const startedAt = performance.now();
  let lastError: unknown;
  while (performance.now() - startedAt < timeoutMs) {
    try {
      if (await condition()) return performance.now() - startedAt;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await sleep(STEP_MS);
  }
  throw new Error(`Not within ${timeoutMs} ms: ${what}`, { cause: lastError });
}
