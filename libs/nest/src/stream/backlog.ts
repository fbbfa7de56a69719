import type { Clock } from '../core/clock.js';

/**
 * Whether staged events are taken: how long the oldest one has been the oldest. The age of an event alone does not tell,
 * since one of a long transaction is old when it is committed.
 */
export class Backlog {
  #oldest: { readonly seq: string; readonly since: number } | undefined;

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** The outbox was read: `seq` is that of its oldest event, `undefined` where there is none. */
  seen(seq: string | undefined): void {
    if (seq === this.#oldest?.seq) return;
    this.#oldest = seq === undefined ? undefined : { seq, since: this.clock.monotonic() };
  }

  /** At least for so long nobody has taken the oldest event. */
  get standsForMs(): number {
    return this.#oldest ? this.clock.monotonic() - this.#oldest.since : 0;
  }
}
