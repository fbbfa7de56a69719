import type { Clock } from '../../core/clock.js';
import type { RefusalTally } from './refusal-tally.js';

const FIRST_MS = 250;
const MAX_MS = 4_000;
/** A connection each, and nothing else. Beyond that refusals are quick again. */
const MAX_WAITING = 200;

/**
 * Makes refusals late where many were refused and nobody let in. A node that refuses everybody at once has the fewest
 * connections of all: a load balancer that goes by them would send everybody there.
 */
export class LateRefusals {
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly tally: Pick<RefusalTally, 'count' | 'onAccepted'>,
    private readonly clock: Pick<Clock, 'after'>,
    /** For as long the client must have patience anyway. */
    private readonly maxMs: number,
  ) {}

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves when a refusal may be told: after a time, or when somebody was let in. */
  async hold(): Promise<void> {
    const { count } = this.tally;
    if (count < 2 || this.#waiting.size >= MAX_WAITING) return;
    const delayMs = Math.min(FIRST_MS * 2 ** (count - 2), MAX_MS, this.maxMs);
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancelTimer();
        stopListening();
        this.#waiting.delete(end);
        resolve();
      };
      const cancelTimer = this.clock.after(delayMs, end);
      const stopListening = this.tally.onAccepted(end);
      this.#waiting.add(end);
    });
  }
}
