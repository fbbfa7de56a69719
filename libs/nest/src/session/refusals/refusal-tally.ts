import type { Clock } from '../../core/clock.js';
import { suspicionOf } from './token-refusal.js';

/** How long a refusal counts. */
const WINDOW_MS = 30_000;
/** So many different clients are refused before it is the node that is doubted. */
const MANY = 5;
/** More are not told apart. */
const MAX_SOURCES = 100;

/**
 * Counts the clients that this node refused, one after the other, with nobody let in between, where that may be its own
 * fault: a wrong clock, a wrong key. A key does not change while a node runs, so that a node which has let in somebody
 * does not doubt it any more; this keeps strangers, who can invent tokens, from making a node doubt itself.
 */
export class RefusalTally {
  /** Who was refused, and when last. */
  readonly #sources = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #acceptedAt: number | undefined;
  #manySince: number | undefined;

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** When somebody was let in last. */
  get acceptedAt(): number | undefined {
    return this.#acceptedAt;
  }

  /** How many different clients were refused lately. */
  get count(): number {
    const oldest = this.clock.monotonic() - WINDOW_MS;
    for (const [source, at] of this.#sources) if (at < oldest) this.#sources.delete(source);
    return this.#sources.size;
  }

  /** Since when they are so many that the node must be doubted. */
  get doubtedSince(): number | undefined {
    if (this.count < MANY) this.#manySince = undefined;
    return this.#manySince;
  }

  /** Calls `listener` when somebody is let in; the answer ends that. */
  onAccepted(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  accepted(): void {
    this.#acceptedAt = this.clock.monotonic();
    this.#sources.clear();
    this.#manySince = undefined;
    for (const listener of Array.from(this.#listeners)) listener();
  }

  /** @param network of the client; absent on a session, where only what its token proves is counted */
  refused(error: unknown, network: string | undefined): void {
    const suspicion = suspicionOf(error);
    const source = suspicion?.kind === 'clock' ? `subject ${suspicion.source}` : network && `network ${network}`;
    if (!suspicion || !source) return;
    if (suspicion.kind === 'key' && this.#acceptedAt !== undefined) return;
    // Put last: the first is the one that was not heard of for longest.
    this.#sources.delete(source);
    this.#sources.set(source, this.clock.monotonic());
    if (this.#sources.size > MAX_SOURCES) this.#forgetOldest();
    if (this.count >= MANY) this.#manySince ??= this.clock.monotonic();
  }

  #forgetOldest(): void {
    const [oldest] = this.#sources.keys();
    if (oldest !== undefined) this.#sources.delete(oldest);
  }
}
