import type { Position } from '@millrace/protocol';
import { bytesOf } from './event-bytes.js';
import { positionOf } from './order-check.js';
import type { StreamEvent } from './stream-event.js';

/** Bounds of one page; it has one event at least. */
export interface PageLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface EventPage {
  readonly outcome: 'complete' | 'more';
  readonly events: readonly StreamEvent[];
  readonly position: Position;
}

/** The first of `events`, which follow on `after`: as many as the limits allow, but one at least. */
export function pageOf(after: Position, events: readonly StreamEvent[], limits: PageLimits): EventPage {
  let bytes = 0;
  let taken = 0;
  for (const event of events) {
    bytes += bytesOf([event]);
    if (taken > 0 && (taken >= limits.maxEvents || bytes > limits.maxBytes)) break;
    taken++;
  }
  const page = events.slice(0, taken);
  const newest = page.at(-1);
  return {
    outcome: taken < events.length ? 'more' : 'complete',
    events: page,
    position: newest ? positionOf(after.epoch, newest) : after,
  };
}
