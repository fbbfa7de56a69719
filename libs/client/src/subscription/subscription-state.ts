import type {
  EventsFrame,
  LiveFrame,
  Position,
  SubscribeAnswer,
  UnrecoverableReason,
  WireError,
  WireEvent,
} from '@millrace/protocol';
import type { FrameBuffer } from './frame-buffer.js';

/**
 * Where a subscription stands. `recovering`: it has a position and fetches what it missed since.
 *
 * @publicApi
 */
export type SubscriptionStatus = 'unsubscribed' | 'subscribing' | 'subscribed' | 'recovering';

/**
 * Why events are missing: what the server said, or `principal`: they were another user's.
 *
 * @publicApi
 */
export type DiscontinuityReason = UnrecoverableReason | 'principal';

/** The place of one subscription on the wire. A live channel never has a position. */
export type SubscriptionState =
  | { readonly kind: 'unsubscribed' }
  | {
      readonly kind: 'subscribing';
      readonly request: SubscribeRequest;
      readonly attempt: number;
      /** Code of the refusal that the application knows of, while it is tried again. */
      readonly told?: string;
    }
  | {
      readonly kind: 'recovering';
      readonly request: SubscribeRequest;
      readonly attempt: number;
      readonly position: Position;
      /** Events of earlier pages of this recovery. */
      readonly recovered: number;
      readonly told?: string;
    }
  | { readonly kind: 'subscribed'; readonly position: Position | undefined };

/** A state that waits for an answer, now or later. */
export type AskingState = Extract<SubscriptionState, { kind: 'subscribing' | 'recovering' }>;

export type SubscribeRequest =
  /** There is no connection. */
  | { readonly kind: 'offline' }
  /** To go into the next `subscribe` frame. */
  | { readonly kind: 'due' }
  /** Not before `until`, in ms since 1970. */
  | { readonly kind: 'waiting'; readonly until: number }
  | { readonly kind: 'asked'; readonly sid: number; readonly buffer: FrameBuffer };

export type SubscriptionInput =
  | { readonly kind: 'online' }
  | { readonly kind: 'offline' }
  /** The session speaks for another user than the one for whom the position was kept. */
  | { readonly kind: 'orphaned' }
  /** The request left, named `sid`. */
  | { readonly kind: 'asked'; readonly sid: number }
  | { readonly kind: 'answered'; readonly answer: SubscribeAnswer }
  | { readonly kind: 'unanswered'; readonly sid: number }
  | { readonly kind: 'events'; readonly frame: EventsFrame }
  | { readonly kind: 'live'; readonly frame: LiveFrame }
  /** The time of `until` has come. */
  | { readonly kind: 'due' }
  | { readonly kind: 'lagging'; readonly retryAfterMs: number }
  /** The server lost events of this channel. The answer to the next request says what that means here. */
  | { readonly kind: 'discontinuity' }
  | { readonly kind: 'revoked'; readonly error: WireError }
  | { readonly kind: 'ended' };

/** What the application is to be told, in order. */
export type SubscriptionEffect =
  | { readonly kind: 'event'; readonly event: WireEvent; readonly position: Position; readonly isRecovered: boolean }
  | { readonly kind: 'live'; readonly event: Omit<WireEvent, 'offset'> }
  /** The server named a position without an event. */
  | { readonly kind: 'position'; readonly position: Position }
  /** Events are missing before whatever comes next. */
  | { readonly kind: 'discontinuity'; readonly reason: DiscontinuityReason; readonly position: Position | undefined }
  | { readonly kind: 'recovered'; readonly count: number }
  | { readonly kind: 'error'; readonly error: WireError }
  | { readonly kind: 'status'; readonly status: SubscriptionStatus };

export interface SubscriptionStep {
  readonly state: SubscriptionState;
  readonly effects: readonly SubscriptionEffect[];
}

/** Asks from `position`, or from the head when there is none. */
export function asking(position: Position | undefined, request: SubscribeRequest): AskingState {
  if (!position) return { kind: 'subscribing', request, attempt: 0 };
  return { kind: 'recovering', request, attempt: 0, position, recovered: 0 };
}

export function positionIn(state: SubscriptionState): Position | undefined {
  return state.kind === 'recovering' || state.kind === 'subscribed' ? state.position : undefined;
}
