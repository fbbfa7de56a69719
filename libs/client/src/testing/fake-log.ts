import {
  decodePosition,
  encodePosition,
  type Epoch,
  type EventsFrame,
  type HistoryAnswer,
  type Offset,
  type PositionToken,
  type SubscribeAnswer,
  type SubscribeItem,
  type UnrecoverableReason,
  type WireEvent,
} from '@millrace/protocol';

/** The log of one durable channel, and the answers that a server would give from it. @publicApi */
export class FakeLog {
  /** All that was appended, in order. */
  readonly events: WireEvent[] = [];
  #epoch = 1;
  #firstKept = 1;

  constructor(
    /** Name of the channel. */
    readonly channel: string,
    /** Events an answer holds at most; more is `behind`. */
    readonly pageSize = 100,
  ) {}

  /** The life of the channel. */
  get epoch(): Epoch {
    return `epoch-${this.#epoch}` as Epoch;
  }

  /** Position of the newest event. */
  get head(): PositionToken {
    return this.positionAt(this.events.length);
  }

  /** Position of the event with this offset. */
  positionAt(offset: number): PositionToken {
    const { id, time } = this.events[offset - 1] ?? { id: '', time: 0 };
    return encodePosition({ epoch: this.epoch, offset: offset as Offset, id, time });
  }

  /** Adds an event and answers with the frame that carries it to subscribers. */
  publish(type: string, content: unknown): EventsFrame {
    const offset = this.events.length + 1;
    const id = `${this.#epoch}-${offset}`;
    this.events.push({ offset, id, type, time: 1_000 + offset, data: JSON.stringify(content) });
    return this.frame(offset);
  }

  /** The events from `first` to `last`, both included. */
  frame(first: number, last = first): EventsFrame {
    const events = this.events.slice(first - 1, last);
    return { channel: this.channel, epoch: this.epoch, prev: first - 1, events };
  }

  /** Forgets the events up to `offset`, as retention does. */
  expire(offset: number): void {
    this.#firstKept = offset + 1;
  }

  /** Begins a new life: another epoch, no events. */
  restart(): void {
    this.#epoch++;
    this.#firstKept = 1;
    this.events.length = 0;
  }

  /** What a server answers to a `subscribe`. */
  answer({ sid, since }: SubscribeItem): SubscribeAnswer {
    if (since === undefined) return { sid, outcome: 'fresh', position: this.head, events: [] };
    const from = this.#resume(since);
    if (typeof from === 'string') {
      return { sid, outcome: 'unrecoverable', reason: from, position: this.head, events: [] };
    }
    const events = this.events.slice(from, from + this.pageSize);
    const last = from + events.length;
    const outcome = last < this.events.length ? 'behind' : 'recovered';
    return { sid, outcome, position: this.positionAt(last), events };
  }

  /** What a server answers to a `history`. */
  history({ after, limit }: { readonly after?: string; readonly limit: number }): HistoryAnswer {
    const from = after === undefined ? this.#firstKept - 1 : this.#resume(after);
    if (typeof from === 'string') return { outcome: 'unrecoverable', reason: from, events: [], position: this.head };
    const events = this.events.slice(from, from + limit);
    const last = from + events.length;
    return { outcome: last < this.events.length ? 'more' : 'complete', events, position: this.positionAt(last) };
  }

  #resume(since: string): number | UnrecoverableReason {
    const position = decodePosition(since);
    if (!position) return 'mismatch';
    if (position.epoch !== this.epoch) return 'epoch';
    if (position.offset + 1 < this.#firstKept) return 'expired';
    return this.positionAt(position.offset) === since ? position.offset : 'mismatch';
  }
}
