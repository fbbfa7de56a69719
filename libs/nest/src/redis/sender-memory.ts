/**
 * Why a message is not listened to. `forged`: no node of this installation said it, or not on that channel. `replayed`:
 * it, or a later one of the same sender, was heard before. `stale`: the first of its sender, and too old for that.
 */
export type MessageRefusal = 'forged' | 'replayed' | 'stale';

/** Clocks of nodes may differ, and the clock of a database may be set: only much older messages are surely no news. */
const MAX_AGE_MS = 600_000;
const MAX_SENDERS = 4_096;

/**
 * How far each sender has counted. Redis brings what one connection says in order, so a count that does not rise was
 * recorded and is said again. Of a sender that was not heard yet nothing is known but the time in its message.
 */
export class SenderMemory {
  /** The longest silent first. */
  readonly #counts = new Map<string, number>();

  refusalOf(sender: string, count: number, ageMs: number): MessageRefusal | undefined {
    const last = this.#counts.get(sender);
    if (last === undefined && Math.abs(ageMs) > MAX_AGE_MS) return 'stale';
    if (last !== undefined && count <= last) return 'replayed';
    this.#counts.delete(sender);
    this.#counts.set(sender, count);
    for (const silent of this.#counts.keys()) {
      if (this.#counts.size <= MAX_SENDERS) break;
      this.#counts.delete(silent);
    }
    return undefined;
  }
}
