import { setTimeout as sleep } from 'node:timers/promises';

export interface Pace {
  readonly rounds: number;
  /** From the beginning of a round to that of the next one. */
  readonly everyMs: number;
}

/** Both servers work at the same rate, however long a round takes each of them: a busier machine costs more a write. */
export async function paced({ rounds, everyMs }: Pace, begin: () => unknown): Promise<void> {
  const startedAt = performance.now();
  const begun: unknown[] = [];
  for (let round = 0; round < rounds; round++) {
    await sleep(startedAt + round * everyMs - performance.now());
    begun.push(begin());
  }
  await Promise.all(begun);
}
