declare const gc: (() => void) | undefined;

/** Processor time of this process so far, in µs. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** What is kept after a collection, in bytes. Needs `--expose-gc`. */
export async function keptBytes(): Promise<number> {
  if (typeof gc !== 'function') throw new Error('This process was started without --expose-gc');
  for (let round = 0; round < 3; round++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The clock that all processes of a machine share, in ms. */
export const sharedNow = (): number => Number(process.hrtime.bigint()) / 1e6;
