import type { ByteAccount } from '../core/byte-account.js';
import type { NewEvent, Placed } from '../core/stream-event.js';

/** A publish outside a transaction, between its call and its answer. */
export interface WaitingPublish {
  readonly event: NewEvent;
  /** On the monotonic clock. */
  readonly since: number;
  readonly resolve: (placed: Placed) => void;
  readonly reject: (error: Error) => void;
}

interface Bounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Publishes in the order they came. An event stays at the front until it is answered, whatever becomes of a pass. */
export class PublishQueue {
  #waiting: WaitingPublish[] = [];

  constructor(private readonly account: ByteAccount) {}

  get size(): number {
    return this.#waiting.length;
  }

  /** Whether there is memory for `event`. */
  hasRoom(event: NewEvent): boolean {
    return event.data.length <= this.account.room('publishes');
  }

  add(publish: WaitingPublish): void {
    this.#waiting.push(publish);
    this.account.add('publishes', publish.event.data.length);
  }

  /** What the next pass may take: at least one. */
  front({ maxEvents, maxBytes }: Bounds): readonly WaitingPublish[] {
    let bytes = 0;
    let count = 0;
    for (const { event } of this.#waiting) {
      if (count >= maxEvents || (count > 0 && bytes >= maxBytes)) break;
      bytes += event.data.length;
      count++;
    }
    return this.#waiting.slice(0, count);
  }

  remove(answered: ReadonlySet<WaitingPublish>): void {
    if (answered.size === 0) return;
    this.#waiting = this.#waiting.filter((publish) => !answered.has(publish));
    this.#forget([...answered]);
  }

  /** Takes out those that came before `time`, on the monotonic clock. */
  takeOlder(time: number): readonly WaitingPublish[] {
    const old = this.#waiting.filter(({ since }) => since < time);
    this.remove(new Set(old));
    return old;
  }

  takeAll(): readonly WaitingPublish[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#forget(all);
    return all;
  }

  #forget(gone: readonly WaitingPublish[]): void {
    this.account.add('publishes', -gone.reduce((sum, { event }) => sum + event.data.length, 0));
  }
}
