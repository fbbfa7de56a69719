import type { Epoch, Offset, Position } from '@millrace/protocol';
import type { EventBatch, StreamEvent } from './stream-event.js';

/**
 * What a batch means to somebody who stands at a position. `suspect`: batch and position cannot belong to one life of
 * the log; which of them is stale only the log itself can tell.
 */
export type Continuity =
  | { readonly kind: 'next'; readonly batch: EventBatch }
  | { readonly kind: 'old' }
  | { readonly kind: 'gap' }
  | { readonly kind: 'suspect' };

export type OrderCheck = (last: Position, batch: EventBatch) => Continuity;

/** `next` carries only what is new: the events after `last`, with `last` as the event before them. */
export const checkOrder: OrderCheck = (last, batch) => {
  if (batch.epoch !== last.epoch) return { kind: 'suspect' };
  if (batch.prev > last.offset) return { kind: 'gap' };
  const known = idAt(batch, last.offset);
  if (known !== undefined && known !== last.id) return { kind: 'suspect' };
  const events = batch.events.slice(last.offset - batch.prev);
  if (events.length === 0) return { kind: 'old' };
  return { kind: 'next', batch: { ...batch, prev: last.offset, prevId: last.id, events } };
};

/** Where somebody stands who has seen all of `batch`. */
export function endOf({ epoch, prev, prevId, events }: EventBatch): Position {
  const newest = events.at(-1);
  return newest ? positionOf(epoch, newest) : { epoch, offset: prev, id: prevId, time: 0 };
}

export function positionOf(epoch: Epoch, { offset, id, time }: StreamEvent): Position {
  return { epoch, offset, id, time };
}

export function samePlace(one: Position, other: Position): boolean {
  return one.epoch === other.epoch && one.offset === other.offset && one.id === other.id;
}

/** The id that `batch` knows at `offset`, if it reaches there. */
function idAt({ prev, prevId, events }: EventBatch, offset: Offset): string | undefined {
  return offset === prev ? prevId : events[offset - prev - 1]?.id;
}
