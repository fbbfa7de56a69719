import { CodedError } from '../../core/coded-error.js';

/** The statements of one transaction handle: taken until its end, and waited for there. */
export class HandleStatements {
  #ended = false;
  readonly #inFlight = new Set<Promise<unknown>>();

  get haveEnded(): boolean {
    return this.#ended;
  }

  /** @throws CodedError TRANSACTION_ENDED */
  async run<T>(statement: () => Promise<T>): Promise<T> {
    if (this.#ended) throw new CodedError('TRANSACTION_ENDED');
    const running = statement();
    this.#inFlight.add(running);
    try {
      return await running;
    } finally {
      this.#inFlight.delete(running);
    }
  }

  /**
   * Refuses new ones. Those that were issued and not awaited finish first, since they belong to this transaction and to
   * no other; `undefined` when there are none.
   */
  end(): Promise<unknown> | undefined {
    this.#ended = true;
    return this.#inFlight.size > 0 ? Promise.allSettled(this.#inFlight) : undefined;
  }
}
