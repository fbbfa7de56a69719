/**
 * The moment after which nobody wants the outcome of some work any more. An `AbortSignal` is made of it only for whoever
 * asks: with its listeners it would cost more than all the rest of a small command.
 */
export class Deadline {
  readonly #listeners = new Set<() => void>();
  #reason: Error | undefined;
  #abort: AbortController | undefined;

  /** `afterMs`: how long after its making it passes, where that is known. */
  constructor(readonly afterMs?: number) {}

  get hasPassed(): boolean {
    return this.#reason !== undefined;
  }

  /** For code that is not ours. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#reason) this.#abort.abort(this.#reason);
    return this.#abort.signal;
  }

  /** Whoever listens here hears of it before anybody does who listens to the signal. */
  pass(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
    this.#abort?.abort(reason);
  }

  throwIfPassed(): void {
    if (this.#reason) throw this.#reason;
  }

  /**
   * What `task` resolves with, or rejects with the reason as soon as the deadline passes: before the task began, while it
   * runs, or in the moment in which it ended. The task itself is not stopped, and how it ends then concerns nobody.
   *
   * `onPassed` runs in the very moment, before anything that waits for it goes on.
   */
  before<T>(task: () => Promise<T>, onPassed = (): void => {}): Promise<T> {
    // By hand: `async`, `race` and `finally` make nine promises of this, and each one costs every command.
    return new Promise((resolve, reject) => {
      this.throwIfPassed();
      const passed = (): void => {
        onPassed();
        reject(this.#reason);
      };
      this.#listeners.add(passed);
      const settled = <V>(settle: (outcome: V) => void) => {
        return (outcome: V): void => {
          this.#listeners.delete(passed);
          if (this.#reason) reject(this.#reason);
          else settle(outcome);
        };
      };
      try {
        task().then(settled(resolve), settled(reject));
      } catch (error) {
        settled(reject)(error);
      }
    });
  }
}
