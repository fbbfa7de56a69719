import { Tally } from './tally.js';

/** Whose something is: a text for a client, a symbol for one piece of work that no client asked for. */
export type ShareKey = string | symbol;

/**
 * Places that are shared by those who come: each may take one more only while it holds fewer than are free. So one alone
 * holds half of them, `n` hold `1/(n+1)` each, and a newcomer, who holds none, finds one at once, whoever came before.
 *
 *     10 places   one: 5, free 5     two: 4 + 3, free 3     nine: 1 each, free 1
 *
 * A cap in numbers would do the same for one client and fail for the next few: two at half hold everything.
 */
export class FairShare {
  readonly #held = new Tally<ShareKey>();
  #size = 0;

  constructor(private readonly total: number) {}

  /** Places that are taken. */
  get size(): number {
    return this.#size;
  }

  /** Places that `key` holds. */
  of(key: ShareKey): number {
    return this.#held.of(key);
  }

  /** Whether `key` may take one more now. */
  admits(key: ShareKey): boolean {
    return this.of(key) < this.total - this.#size;
  }

  /** Takes a place if `key` may. */
  take(key: ShareKey): boolean {
    if (!this.admits(key)) return false;
    this.#held.add(key, 1);
    this.#size++;
    return true;
  }

  /** Gives back what {@link take} took. */
  leave(key: ShareKey): void {
    this.#held.add(key, -1);
    this.#size--;
  }
}
