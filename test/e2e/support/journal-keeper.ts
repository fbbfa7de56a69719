import { decodePosition } from '@millrace/protocol';
import type { Discontinuity, EventMeta, Subscription } from '@millrace/client';
import type { board } from '../../apps/notes/contracts.js';
import type { Journal, LoggedEvent } from './journal-check.js';

const types = ['note.written', 'note.posted', 'note.imported'] as const;

/** Writes down what a subscription hands over. */
export class JournalKeeper {
  readonly #events: Omit<LoggedEvent, 'channel'>[] = [];
  readonly recoveries: number[] = [];
  readonly discontinuities: Discontinuity['reason'][] = [];
  readonly errors: string[] = [];
  /** How many of the events were there when each discontinuity was told. */
  readonly eventsBefore: number[] = [];
  #after: number | undefined;

  constructor(
    private readonly reader: string,
    readonly subscription: Subscription<typeof board>,
  ) {
    for (const type of types) subscription.on(type, (data, meta) => this.#write(data, meta));
    subscription.on('recovered', ({ count }) => this.recoveries.push(count));
    subscription.on('error', ({ code }) => this.errors.push(code));
    subscription.on('discontinuity', ({ reason }) => {
      this.discontinuities.push(reason);
      this.eventsBefore.push(this.#events.length);
    });
    subscription.on('state', (state) => {
      if (state === 'subscribed') this.#after ??= this.offset;
    });
  }

  get recovered(): number {
    return this.recoveries.reduce((sum, count) => sum + count, 0);
  }

  /** Where the subscription stands. */
  get offset(): number {
    return decodePosition(this.subscription.position ?? '')?.offset ?? 0;
  }

  get events(): readonly Omit<LoggedEvent, 'channel'>[] {
    return this.#events;
  }

  get journal(): Journal {
    const { channel } = this.subscription;
    // What came before the first `subscribed` came with that answer, so nothing before it was missed.
    return { reader: this.reader, channel, after: this.#after ?? 0, events: this.#events };
  }

  #write(data: unknown, { id, type, position }: EventMeta): void {
    const place = decodePosition(position ?? '');
    if (!place) throw new Error(`An event of ${this.subscription.channel} has no position`);
    const { epoch, offset } = place;
    this.#after ??= offset - 1;
    this.#events.push({ epoch, offset, id, type, data: JSON.stringify(data) });
  }
}
