import type { Epoch, EventsFrame, Offset, Position, WireEvent } from '@millrace/protocol';
import type { SubscriptionEffect } from './subscription-state.js';

/** What of some events comes next after a position. */
export interface Merged {
  readonly events: readonly WireEvent[];
  /** After the last of `events`. */
  readonly position: Position;
  /** Whether nothing is missing between the position and the events, nor among them. */
  readonly isWhole: boolean;
}

/** Drops what is known, takes what comes next, stops at a hole or at another life of the log. */
export function merge(start: Position, { epoch, prev, events }: Omit<EventsFrame, 'channel'>): Merged {
  if (epoch !== start.epoch || prev > start.offset) return { events: [], position: start, isWhole: false };
  const taken: WireEvent[] = [];
  let position = start;
  for (const event of events) {
    if (event.offset < position.offset) continue;
    if (event.offset === position.offset) {
      // Another event at a known offset: the server lost history since, and will say so when asked.
      if (event.id !== position.id) return { events: taken, position, isWhole: false };
      continue;
    }
    if (event.offset !== position.offset + 1) return { events: taken, position, isWhole: false };
    taken.push(event);
    position = positionOf(epoch, event, position.grant);
  }
  return { events: taken, position, isWhole: true };
}

/** @param grant of the subscription that the event came by */
export function positionOf(epoch: string, { offset, id, time }: WireEvent, grant?: string): Position {
  return { epoch: epoch as Epoch, offset: offset as Offset, id, time, ...(grant !== undefined && { grant }) };
}

/** @param at a position of the subscription that the events came by */
export function eventEffects(at: Position, events: readonly WireEvent[], isRecovered: boolean): SubscriptionEffect[] {
  return events.map((event) => ({
    kind: 'event',
    event,
    position: positionOf(at.epoch, event, at.grant),
    isRecovered,
  }));
}
