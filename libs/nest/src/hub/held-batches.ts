import type { Position } from '@millrace/protocol';
import { endOf, type OrderCheck } from '../core/order-check.js';
import { bytesOf } from '../core/event-bytes.js';
import type { EventBatch, Placed } from '../core/stream-event.js';

/** What arrived too early. `goal`: a place the channel is known to have come to, without its events at hand. */
export interface Held {
  readonly batches: readonly EventBatch[];
  readonly bytes: number;
  readonly goal?: Placed;
}

export const holdNothing: Held = { batches: [], bytes: 0 };

/** Keeps `batch`, or, past the bound, only where it ends: the log still has its events. */
export function hold(held: Held, batch: EventBatch, maxBytes: number): Held {
  const bytes = held.bytes + bytesOf(batch.events);
  return bytes > maxBytes ? note(held, endOf(batch)) : { ...held, batches: [...held.batches, batch], bytes };
}

/** A goal in another epoch wins: it cannot be compared, so it must be looked at. */
export function note(held: Held, goal: Placed): Held {
  const known = held.goal;
  const older = known !== undefined && known.epoch === goal.epoch && known.offset > goal.offset;
  return older ? held : { ...held, goal };
}

/** Whether somebody who stands at `last` has something to look for when the channel has come to `goal`. */
export function isMissing(last: Position, goal: Placed): boolean {
  if (goal.epoch !== last.epoch || goal.offset > last.offset) return true;
  return goal.offset === last.offset && goal.id !== last.id;
}

export interface Drained {
  readonly last: Position;
  readonly emits: readonly EventBatch[];
  /** What still cannot be emitted; `undefined` when nothing is missing. */
  readonly held: Held | undefined;
}

/** Takes from `held` what follows on `last` without a hole. */
export function drain(last: Position, held: Held, checkOrder: OrderCheck): Drained {
  const emits: EventBatch[] = [];
  const kept: EventBatch[] = [];
  for (const batch of held.batches.toSorted((one, other) => one.prev - other.prev)) {
    const found = checkOrder(last, batch);
    if (found.kind === 'gap') kept.push(batch);
    if (found.kind !== 'next') continue;
    emits.push(found.batch);
    last = endOf(found.batch);
  }
  const goal = held.goal && isMissing(last, held.goal) ? { goal: held.goal } : {};
  const bytes = kept.reduce((sum, batch) => sum + bytesOf(batch.events), 0);
  const open = kept.length > 0 || 'goal' in goal;
  return { last, emits, held: open ? { batches: kept, bytes, ...goal } : undefined };
}
