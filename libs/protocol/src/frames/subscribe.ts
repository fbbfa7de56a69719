import type { WireError } from '../errors.js';
import type { WireEvent } from './events.js';

/** Client → server, `subscribe`. @publicApi */
export interface SubscribeFrame {
  /** One for each channel. */
  readonly items: readonly SubscribeItem[];
  /** Most bytes of events that the answer should have; the server's own bound may be lower. One event gets through. */
  readonly maxBytes?: number;
}

/** `sid` names this try to subscribe; its answer carries it, so that a late answer is told from a current one. @publicApi */
export interface SubscribeItem {
  /** Name of the channel. */
  readonly channel: string;
  /** Chosen by the client. */
  readonly sid: number;
  /** Position token of the last event that was handed to the application. */
  readonly since?: string;
  /** The newest one that an answer for this channel had. Without it the server asks its policy about the history. */
  readonly grant?: string;
}

/**
 * Why a position could not be resumed from. `withdrawn`: access was withdrawn since, and what was published meanwhile is
 * not handed out. `unproven`: nothing shows that the subscriber was given it, and the policy says no to the history.
 *
 * @publicApi
 */
export type UnrecoverableReason = 'expired' | 'epoch' | 'mismatch' | 'withdrawn' | 'unproven';

/**
 * `fresh`: subscribed without `since`. `recovered`: `events` holds all that was missed. `behind`: `events` holds one
 * page and the session is NOT subscribed; subscribe again from `position`. `unrecoverable`: subscribed at
 * `position`, events before it are lost to this subscriber. `grant`: to be kept with the position, and brought back.
 *
 * @publicApi
 */
export type SubscribeAnswer =
  | {
      readonly sid: number;
      readonly outcome: 'fresh' | 'recovered' | 'behind';
      readonly position: string;
      readonly grant?: string;
      readonly events: readonly WireEvent[];
    }
  | {
      readonly sid: number;
      readonly outcome: 'unrecoverable';
      readonly reason: UnrecoverableReason;
      readonly position: string;
      readonly grant?: string;
      readonly events: readonly WireEvent[];
    }
  | { readonly sid: number; readonly outcome: 'live' }
  | { readonly sid: number; readonly outcome: 'refused'; readonly error: WireError };

/** One answer an item. @publicApi */
export interface SubscribeAnswers {
  /** In any order: `sid` tells which. */
  readonly items: readonly SubscribeAnswer[];
}

/** Client → server, `unsubscribe`. The answer is an empty `{ ok: true }`. @publicApi */
export interface UnsubscribeFrame {
  /** Names of the channels. */
  readonly channels: readonly string[];
}
