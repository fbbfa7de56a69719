import type { WireError } from '../errors.js';
import type { UnrecoverableReason } from './subscribe.js';

/** What the server takes in one frame of a client; a larger one is refused, or ends the connection. @publicApi */
export interface FrameLimits {
  /** Largest frame, in bytes. */
  readonly maxFrameBytes: number;
  /** Deepest nesting of its JSON. */
  readonly maxFrameDepth: number;
  /** Most values in it. */
  readonly maxFrameNodes: number;
}

/**
 * Server → client, `control`.
 * `welcome`: the session is active; its id, for whom it speaks, how long its token still holds, and how large a frame
 * of the client may be. `closing`: the server is about to close, `error` says why and
 * what to do. `draining`: this node shuts down; reconnect after `retryAfterMs`. `reauthenticate`: the token expires
 * in `expiresInMs`. `revoked`: one subscription was withdrawn. `lagging`: the named subscriptions left the
 * live flow, because the session reads too slowly or too much is missing; subscribe again from the last position. `discontinuity`: events of a channel are
 * lost to its subscribers; subscribe again.
 *
 * @publicApi
 */
export type ControlFrame =
  | {
      readonly kind: 'welcome';
      readonly session: string;
      readonly subject?: string;
      readonly expiresInMs?: number;
      readonly limits?: FrameLimits;
    }
  | { readonly kind: 'closing'; readonly error: WireError }
  | { readonly kind: 'draining'; readonly retryAfterMs: number }
  | { readonly kind: 'reauthenticate'; readonly expiresInMs: number }
  | { readonly kind: 'revoked'; readonly channel: string; readonly error: WireError }
  | { readonly kind: 'lagging'; readonly channels: readonly string[]; readonly retryAfterMs: number }
  | { readonly kind: 'discontinuity'; readonly channel: string; readonly reason: UnrecoverableReason };
