import type { WireEvent } from './events.js';
import type { UnrecoverableReason } from './subscribe.js';

/** Client → server, `history`: the events after a position, oldest first. @publicApi */
export interface HistoryFrame {
  /** Name of the channel. */
  readonly channel: string;
  /** Position token; absent = from the first kept event. */
  readonly after?: string;
  /** How many events at most, 1–1000; the server may send fewer, by bytes. */
  readonly limit: number;
  /** Most bytes of events that the answer should have; the server's own bound may be lower. One event gets through. */
  readonly maxBytes?: number;
}

/** `position` is that of the last event sent: ask again from there until `outcome` is `complete`. @publicApi */
export interface HistoryAnswer {
  /** `complete`: up to the head. `more`: go on from `position`. `unrecoverable`: see `reason`. */
  readonly outcome: 'complete' | 'more' | 'unrecoverable';
  /** With `unrecoverable` only. */
  readonly reason?: UnrecoverableReason;
  /** In order, without a hole among them. */
  readonly events: readonly WireEvent[];
  /** Token of the place behind the last event. */
  readonly position: string;
}
