import type { FairGate, Leave, Turn } from '../core/fair-gate.js';
import type { ShareKey } from '../core/fair-share.js';
import { inBackground } from '../core/safely.js';

interface Asker {
  readonly asker: ShareKey;
}

interface Pending<A extends Asker> {
  readonly askers: A[];
  readonly turn: Turn;
}

/** Begins the read for all who asked until then; `leave` as soon as the log has answered. */
export type Begin<A extends Asker> = (askers: readonly A[], leave: Leave) => Promise<void>;

/**
 * Reads that have not begun yet. Who asks for the same one meanwhile shares it, and it begins when the first of them has
 * a turn. Nobody is answered by a read that began before he asked: it could miss an event that was emitted in between.
 */
export class SharedReads<A extends Asker> {
  readonly #pending = new Map<string, Pending<A>>();

  constructor(private readonly gate: FairGate) {}

  /**
   * @param begin never rejects
   * @throws CodedError `BUSY`
   */
  ask(key: string, one: A, begin: Begin<A>): void {
    const pending = this.#pending.get(key);
    if (pending) {
      pending.askers.push(one);
      pending.turn.alsoFor(one.asker);
      return;
    }
    const turn = this.gate.turn(one.asker);
    const askers = [one];
    this.#pending.set(key, { askers, turn });
    inBackground('A read of the log', this.#begin(key, { askers, turn }, begin));
  }

  async #begin(key: string, { askers, turn }: Pending<A>, begin: Begin<A>): Promise<void> {
    const leave = await turn.place;
    this.#pending.delete(key);
    try {
      await begin(askers, leave);
    } finally {
      leave();
    }
  }
}
