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

  get size(): number {
    return this.#waiting.length;
  }

  add(publish: WaitingPublish): void {
    this.#waiting.push(publish);
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
    if (answered.size > 0) this.#waiting = this.#waiting.filter((publish) => !answered.has(publish));
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
    return all;
  }
}
