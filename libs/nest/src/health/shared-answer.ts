import type { Clock } from '../core/clock.js';

/** So that answers cost a twentieth of one core at most, however many ask. */
const TIMES_ITS_COST = 20;
const MAX_AGE_MS = 1_000;

/**
 * An answer that everybody gets who asks while it is made, and for twenty times as long as that took. Where nobody asks too
 * often, each answer is fresh.
 */
export class SharedAnswer<T> {
  #answer: Promise<T> | undefined;
  #until = Infinity;

  constructor(
    private readonly make: () => Promise<T>,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {}

  get(): Promise<T> {
    if (this.#answer && this.clock.monotonic() < this.#until) return this.#answer;
    this.#until = Infinity;
    this.#answer = this.#made(this.clock.monotonic());
    return this.#answer;
  }

  /** What failed is not kept. */
  async #made(since: number): Promise<T> {
    try {
      const answer = await this.make();
      const now = this.clock.monotonic();
      this.#until = now + Math.min(MAX_AGE_MS, (now - since) * TIMES_ITS_COST);
      return answer;
    } catch (error) {
      this.#until = -Infinity;
      throw error;
    }
  }
}
