import { isThenable } from './thenable.js';

/** May be async: what it rejects with is reported like what it throws. */
export type Listener<Args extends readonly unknown[]> = (...args: Args) => unknown;

/**
 * Listeners of one kind. One that throws neither stops the others nor reaches the caller, and one that rejects never
 * becomes an unhandled rejection, which would end a Node process.
 */
export class Listeners<Args extends readonly unknown[]> {
  readonly #entries = new Set<{ readonly listener: Listener<Args>; readonly isOnce: boolean }>();
  /** What is being told, and what a listener brought about meanwhile: all hear it in one order. */
  readonly #calls: Args[] = [];

  constructor(private readonly report: (error: unknown) => void) {}

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** @param isOnce whether it hears only what comes next */
  add(listener: Listener<Args>, isOnce = false): () => void {
    const entry = { listener, isOnce };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /** However often it was added. */
  remove(listener: Listener<Args>): void {
    for (const entry of Array.from(this.#entries)) if (entry.listener === listener) this.#entries.delete(entry);
  }

  clear(): void {
    this.#entries.clear();
  }

  call(...args: Args): void {
    if (this.#calls.push(args) > 1) return;
    for (let next: Args | undefined = args; next; this.#calls.shift(), next = this.#calls[0]) this.#callAll(next);
  }

  #callAll(args: Args): void {
    for (const entry of Array.from(this.#entries)) {
      // A listener before this one may have removed it.
      if (!this.#entries.has(entry)) continue;
      if (entry.isOnce) this.#entries.delete(entry);
      this.#callOne(entry.listener, args);
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
