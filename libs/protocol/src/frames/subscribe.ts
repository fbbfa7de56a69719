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
}

/** Why a position could not be resumed from. @publicApi */
export type UnrecoverableReason = 'expired' | 'epoch' | 'mismatch';

/**
 * `fresh`: subscribed without `since`. `recovered`: `events` holds all that was missed. `behind`: `events` holds one
 * page and the session is NOT subscribed; subscribe again from `position`. `unrecoverable`: subscribed at
 * `position`, events before it are lost to this subscriber.
 *
 * @publicApi
 */
export type SubscribeAnswer =
  | {
      readonly sid: number;
      readonly outcome: 'fresh' | 'recovered' | 'behind';
      readonly position: string;
      readonly events: readonly WireEvent[];
    }
  | {
      readonly sid: number;
      readonly outcome: 'unrecoverable';
      readonly reason: UnrecoverableReason;
      readonly position: string;
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
