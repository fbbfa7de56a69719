/** May be async: what it rejects with is reported like what it throws. */
export type Listener<Args extends readonly unknown[]> = (...args: Args) => unknown;

/**
 * Listeners of one kind. One that throws neither stops the others nor reaches the caller, and one that rejects never
 * becomes an unhandled rejection, which would end a Node process.
 */
export class Listeners<Args extends readonly unknown[]> {
  readonly #entries = new Set<{ readonly listener: Listener<Args> }>();

  constructor(private readonly report: (error: unknown) => void) {}

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  add(listener: Listener<Args>): () => void {
    const entry = { listener };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  clear(): void {
    this.#entries.clear();
  }

  call(...args: Args): void {
    for (const entry of Array.from(this.#entries)) {
      // A listener before this one may have removed it.
      if (this.#entries.has(entry)) this.#callOne(entry.listener, args);
    }
  }

  #callOne(listener: Listener<Args>, args: Args): void {
    try {
      const returned = listener(...args);
      if (isThenable(returned)) returned.then(undefined, this.report);
    } catch (error) {
      this.report(error);
    }
  }
}

interface Thenable {
  then(onFulfilled: undefined, onRejected: (error: unknown) => void): unknown;
}

const isThenable = (value: unknown): value is Thenable =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
