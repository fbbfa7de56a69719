import type { Clock } from './core/clock.js';
import { inTime, LATE } from './core/in-time.js';
import { writeError } from './core/log-error.js';
import { LineLogger } from './core/log/line-logger.js';

/** Longer than a pass may take; what is not done by then waits for something that does not answer. */
const MAX_STEP_MS = 15_000;

type Step = readonly [name: string, stop: () => unknown];

/**
 * Stops the parts of a process, one after the other. One that fails or hangs is named in the log and left behind: an
 * application that closes must come to its end, and the parts behind it have connections to give back.
 */
export async function stopSteps(clock: Clock, steps: readonly Step[]): Promise<void> {
  const logger = new LineLogger();
  for (const [name, stop] of steps) {
    try {
      const stopping = (async () => stop())();
      if ((await inTime(clock, MAX_STEP_MS, stopping)) !== LATE) continue;
      logger.error(`The ${name} did not stop within ${MAX_STEP_MS / 1000} s: the application closes without it`);
    } catch (error) {
      writeError(logger, `The ${name} did not stop as it should`, error);
    }
  }
}
