import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import { Deadline } from '../core/deadline.js';

interface Times {
  readonly deadlineMs: number;
  readonly endTimeoutMs: number;
}

/** The time of one command: first for its work, then, should that not suffice, for the roll-back. */
export class CommandDeadline extends Deadline {
  #cancel: () => void;
  #giveUp = (_reason: Error): void => {};
  #hasGivenUp: CodedError | undefined;

  constructor(clock: Clock, { deadlineMs, endTimeoutMs }: Times) {
    super(deadlineMs);
    this.#cancel = clock.after(deadlineMs, () => {
      const reason = new CodedError('DEADLINE_EXCEEDED');
      this.#cancel = clock.after(endTimeoutMs, () => {
        this.#hasGivenUp = reason;
        this.#giveUp(reason);
      });
      this.pass(reason);
    });
  }

  /**
   * Waits for `end` past the deadline too, but not for ever.
   *
   * @throws CodedError `DEADLINE_EXCEEDED`
   */
  orGiveUp(end: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#hasGivenUp) return reject(this.#hasGivenUp);
      this.#giveUp = reject;
      end.then(resolve, reject);
    });
  }

  cancel(): void {
    this.#cancel();
  }
}
