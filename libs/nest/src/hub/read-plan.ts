import type { Position } from '@millrace/protocol';
import type { ShareKey } from '../core/fair-share.js';
import { groupBy } from '../core/group.js';
import { pageOf, type PageLimits } from '../core/page.js';
import type { HistoryPage } from '../stream/stream-store.port.js';

/** One who wants to know what lies behind `after`. */
export interface ReadRequest {
  readonly after: Position | undefined;
  readonly limits: PageLimits;
  /** Whom the read counts against. */
  readonly asker: ShareKey;
  /** Where the hub stands in the channel now; only for those to whom it emits the rest. */
  readonly last?: () => Position | undefined;
}

export interface ReadPlan<R extends ReadRequest> {
  /** Close behind the hub, lowest first: one read from the first brings what all of them miss. */
  readonly near: readonly R[];
  readonly far: readonly R[];
}

export function planReads<R extends ReadRequest>(requests: readonly R[], maxDistance: number): ReadPlan<R> {
  const isNear = ({ after, last }: R): boolean => {
    const to = last?.();
    return !!after && to?.epoch === after.epoch && to.offset >= after.offset && to.offset - after.offset <= maxDistance;
  };
  const groups = groupBy(requests, isNear);
  const near = groups.get(true) ?? [];
  return {
    near: near.toSorted((one, other) => (one.after?.offset ?? 0) - (other.after?.offset ?? 0)),
    far: groups.get(false) ?? [],
  };
}

/** The part of a page read from `from` that answers `request`, or `undefined` when the page does not know its place. */
export function partOf(page: HistoryPage, from: Position, { after, limits }: ReadRequest): HistoryPage | undefined {
  if (!after || after.epoch !== from.epoch) return undefined;
  const skip = after.offset - from.offset;
  if (page.outcome === 'unrecoverable') return skip === 0 && after.id === from.id ? page : undefined;
  const idThere = skip === 0 ? from.id : page.events[skip - 1]?.id;
  if (idThere !== after.id) return undefined;
  const part = pageOf(after, page.events.slice(skip), limits);
  // The page ends right here, and not the log: "more" without an event would send the asker in a circle.
  if (page.outcome === 'more' && part.events.length === 0) return undefined;
  return { ...part, outcome: page.outcome === 'more' ? 'more' : part.outcome, head: page.head };
}

/** Requests with one key want the same page. */
export function keyOf({ after, limits }: ReadRequest): string {
  const place = after ? `${after.epoch}.${after.offset}.${after.id}` : '';
  return `${place}/${limits.maxEvents}/${limits.maxBytes}`;
}
