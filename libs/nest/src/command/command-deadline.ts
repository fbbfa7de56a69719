import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import { beforeDeadline } from '../core/before-deadline.js';

interface Times {
  readonly deadlineMs: number;
  readonly endTimeoutMs: number;
}

/** The time of one command: first for its work, then, should that not suffice, for the roll-back. */
export class CommandDeadline {
  readonly #abort = new AbortController();
  #cancel: () => void;
  readonly #givenUp: Promise<never>;

  constructor(clock: Clock, { deadlineMs, endTimeoutMs }: Times) {
    let giveUp = (): void => {};
    this.#givenUp = new Promise((_, reject) => {
      giveUp = () => reject(this.signal.reason as Error);
    });
    this.#cancel = clock.after(deadlineMs, () => {
      this.#cancel = clock.after(endTimeoutMs, giveUp);
      this.#abort.abort(new CodedError('DEADLINE_EXCEEDED'));
    });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** @throws CodedError `DEADLINE_EXCEEDED` */
  race<T>(work: Promise<T>): Promise<T> {
    return beforeDeadline(this.signal, () => work);
  }

  /**
   * Waits for `end` past the deadline too, but not for ever.
   *
   * @throws CodedError `DEADLINE_EXCEEDED`
   */
  async orGiveUp(end: Promise<void>): Promise<void> {
    await Promise.race([end, this.#givenUp]);
  }

  cancel(): void {
    this.#cancel();
  }
}
