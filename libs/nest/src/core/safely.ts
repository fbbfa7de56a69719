import { LineLogger } from './log/line-logger.js';
import { writeError } from './log-error.js';

const SAY_AGAIN_MS = 1_000;

/** Failures of one place since they were last logged. */
interface Place {
  saidAt: number;
  unsaid: number;
}

/**
 * Logs what was thrown where nobody is left to catch it, at most once a second for each place: what a neighbour sends
 * again and again must not fill the log either.
 */
export class LastCatch {
  readonly #places = new Map<string, Place>();

  constructor(
    private readonly logger: Pick<LineLogger, 'error'>,
    private readonly monotonic: () => number,
  ) {}

  caught(where: string, error: unknown): void {
    const now = this.monotonic();
    const place = this.#places.get(where) ?? { saidAt: -Infinity, unsaid: 0 };
    this.#places.set(where, place);
    if (now - place.saidAt < SAY_AGAIN_MS) return void place.unsaid++;
    const more = place.unsaid > 0 ? ` (and ${place.unsaid} times more before)` : '';
    place.saidAt = now;
    place.unsaid = 0;
    try {
      writeError(this.logger, `${where} failed${more}`, error);
    } catch {
      // A logger of the application that throws must not end the node either.
    }
  }
}

/** One for the process, as timers and emitters are: what they run belongs to no node any more. */
const lastCatch = new LastCatch(new LineLogger(), () => process.uptime() * 1_000);

/**
 * A callback for a timer or an emitter. What is thrown in one, or rejected by the promise that it returns, ends a Node
 * process: here it is logged and costs that one call.
 */
export function safely<Args extends readonly unknown[]>(
  where: string,
  task: (...args: Args) => unknown,
): (...args: Args) => void {
  return (...args) => {
    try {
      const answer = task(...args);
      if (answer instanceof Promise) answer.catch((error: unknown) => lastCatch.caught(where, error));
    } catch (error) {
      lastCatch.caught(where, error);
    }
  };
}

/** For work that nobody waits for. */
export const inBackground = (where: string, work: Promise<unknown>): void => safely(where, () => work)();
