import type { Position } from '@millrace/protocol';
import type { FairGate, Turn } from '../core/fair-gate.js';
import type { ShareKey } from '../core/fair-share.js';

/** The read of one channel's head, for all who wait to be attached to it: it begins when the first of them has a turn. */
export class SharedHead {
  readonly #askers: [ShareKey, ...ShareKey[]];
  #turn: Turn | undefined;

  constructor(first: ShareKey) {
    this.#askers = [first];
  }

  alsoFor(asker: ShareKey): void {
    if (this.#turn) this.#turn.alsoFor(asker);
    else this.#askers.push(asker);
  }

  /** @throws CodedError `BUSY` when none of them finds room to wait, and whatever `head` throws */
  async read(gate: FairGate, head: () => Promise<Position>): Promise<Position> {
    const [first] = this.#askers;
    const turn = gate.turn(this.#askers.find((asker) => !gate.isFull(asker)) ?? first);
    this.#turn = turn;
    for (const asker of this.#askers) turn.alsoFor(asker);
    const leave = await turn.place;
    try {
      return await head();
    } finally {
      leave();
    }
  }
}
