import type { ChannelName, Position } from '@millrace/protocol';
import type { OrderCheck } from '../core/order-check.js';
import type { EventBatch, Placed } from '../core/stream-event.js';
import type { HistoryPage, LossReason } from '../stream/stream-store.port.js';
import { holdNothing, type Held } from './held-batches.js';

/**
 * How a node follows one channel.
 *
 * `opening`: batches already arrive, the head is not known yet. `following`: `last` was emitted, nothing is known to
 * exist behind it. `holding`: something behind `last` exists, and what lies between may still arrive by itself.
 * `repairing`: what lies behind `last` is being read from the log. `again`: the log was replaced while it was read.
 */
export type FollowState =
  | { readonly kind: 'opening'; readonly held: Held; readonly again: boolean }
  | Following
  | { readonly kind: 'holding'; readonly last: Position; readonly held: Held; readonly attempt: number }
  | Repairing;

interface Following {
  readonly kind: 'following';
  readonly last: Position;
}

export interface Repairing {
  readonly kind: 'repairing';
  readonly last: Position;
  readonly held: Held;
  readonly attempt: number;
  readonly again: boolean;
}

/** A state in which the channel's place is known. */
export type OpenState = Exclude<FollowState, { kind: 'opening' }>;

export type FollowInput =
  | { readonly kind: 'opened'; readonly head: Position }
  | { readonly kind: 'batch'; readonly batch: EventBatch }
  /** The log's digest, or whoever numbered later events, says that the channel has come to `position`. */
  | { readonly kind: 'seen'; readonly position: Placed }
  /** The log is not the one that was followed: look at the channel anew. */
  | { readonly kind: 'rewound' }
  /** The time to hold is over. */
  | { readonly kind: 'elapsed' }
  /** What the log has behind `last`. */
  | { readonly kind: 'page'; readonly page: HistoryPage }
  | { readonly kind: 'failed' };

export type FollowEffect =
  | { readonly kind: 'emit'; readonly batch: EventBatch }
  /** Start the timer. Attempt 0 waits for the broker, later ones for a log that could not be read. */
  | { readonly kind: 'hold'; readonly attempt: number }
  | { readonly kind: 'read'; readonly after: Position }
  /** The hole is too large to be emitted: subscribers fetch it themselves. */
  | { readonly kind: 'lagging' }
  | { readonly kind: 'discontinuity'; readonly reason: LossReason }
  | { readonly kind: 'count'; readonly what: FollowCount };

export const followCounts = ['duplicate', 'gap', 'suspect', 'overflow', 'healed', 'repaired'] as const;
export type FollowCount = (typeof followCounts)[number];

export interface FollowRules {
  readonly channel: ChannelName;
  readonly maxHeldBytes: number;
  readonly checkOrder: OrderCheck;
}

export interface FollowStep {
  readonly state: FollowState;
  /** To be done in this order. */
  readonly effects: readonly FollowEffect[];
}

export const opening: FollowState = { kind: 'opening', held: holdNothing, again: false };
