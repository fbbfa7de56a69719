import type { Clock } from './clock.js';

/** Does one task again and again, always `intervalMs` after its last end, so that it never overlaps with itself. */
export class Rounds {
  #cancel = (): void => {};
  #round: Promise<void> = Promise.resolve();
  #isStopped = false;

  /** What `task` rejects with is dropped: whoever cares about failures counts them in the task. */
  constructor(
    private readonly clock: Clock,
    private readonly intervalMs: number,
    private readonly task: () => Promise<void>,
  ) {}

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** The first round comes after one interval; none after `stop`, which may have come first. */
  start(): void {
    this.#schedule();
  }

  /** For good. Waits for a round that runs. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#round;
  }

  #schedule(): void {
    if (this.#isStopped) return;
    // A start may be repeated: there is one next round.
    this.#cancel();
    this.#cancel = this.clock.after(this.intervalMs, () => {
      this.#round = this.#run();
    });
  }

  async #run(): Promise<void> {
    try {
      await this.task();
    } catch {
      // The next round is the answer to a failed one.
    }
    this.#schedule();
  }
}
