import { CodedError } from './coded-error.js';

export interface GateBounds {
  readonly concurrency: number;
  readonly maxWaiting: number;
  /** Told to those who find the gate full. */
  readonly retryAfterMs: number;
}

/** Lets a bounded number of tasks run, keeps a bounded number waiting in order, and refuses the rest with `BUSY`. */
export class Gate {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly bounds: GateBounds) {}

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws CodedError `BUSY` */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.bounds.concurrency) await this.#wait();
    else this.#running++;
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.bounds.maxWaiting) {
      throw new CodedError('BUSY', { retryAfterMs: this.bounds.retryAfterMs });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The place goes straight to whoever waits longest: a newcomer cannot slip in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}
