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

  /** Whether the next task would be refused. */
  get isFull(): boolean {
    return this.#running >= this.bounds.concurrency && this.#waiting.length >= this.bounds.maxWaiting;
  }

  /** @throws CodedError `BUSY` */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.isFull) throw new CodedError('BUSY', { retryAfterMs: this.bounds.retryAfterMs });
    if (this.#running >= this.bounds.concurrency) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  /** The place goes straight to whoever waits longest: a newcomer cannot slip in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}
