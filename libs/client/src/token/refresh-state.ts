import type { RetryPolicy, WireError } from '@millrace/protocol';
import { pauseMs } from '../connection/backoff.js';
import type { Moment } from '../environment/moment.js';

/** How the token of one session is kept fresh. Times are in ms since 1970. */
export type RefreshState =
  /** The token does not expire as far as is known, or the server will close the session when it does. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly at: number; readonly attempt: number }
  | { readonly kind: 'fetching'; readonly attempt: number }
  | { readonly kind: 'sending'; readonly attempt: number }
  /** Only a new connection helps, for example because the new token speaks for somebody else. */
  | { readonly kind: 'reconnect'; readonly error: WireError };

export type RefreshInput =
  /** The server said how long the current token still holds; absent = for ever. */
  | { readonly kind: 'expires'; readonly inMs: number | undefined }
  | { readonly kind: 'asked' }
  | { readonly kind: 'due' }
  | { readonly kind: 'fetched' }
  /** The token function failed or had none, or the server refused its token or did not answer. */
  | { readonly kind: 'failed'; readonly error?: WireError };

/** Before the server asks by itself (30 s by default), so that its question is only needed when this one failed. */
const LEAD_MS = 40_000;

export function refreshTransition(state: RefreshState, input: RefreshInput, moment: Moment): RefreshState {
  if (state.kind === 'reconnect') return state;
  switch (input.kind) {
    case 'expires':
      if (input.inMs === undefined) return { kind: 'idle' };
      return { kind: 'waiting', at: moment.now + input.inMs - Math.min(LEAD_MS, input.inMs / 2), attempt: 0 };
    case 'asked':
      if (state.kind === 'fetching' || state.kind === 'sending') return state;
      return { kind: 'fetching', attempt: 0 };
    case 'due':
      return state.kind === 'waiting' ? { kind: 'fetching', attempt: state.attempt } : state;
    case 'fetched':
      return state.kind === 'fetching' ? { kind: 'sending', attempt: state.attempt } : state;
    case 'failed':
      if (state.kind !== 'fetching' && state.kind !== 'sending') return state;
      return afterFailure(state.attempt, input.error, moment);
    default:
      return input satisfies never;
  }
}

function afterFailure(attempt: number, error: WireError | undefined, moment: Moment): RefreshState {
  const retry: RetryPolicy = error?.retry ?? 'backoff';
  if (error && retry === 'reconnect') return { kind: 'reconnect', error };
  if (retry === 'never') return { kind: 'idle' };
  // The session lives until its old token expires; the server closes it then, and says why.
  return { kind: 'waiting', at: moment.now + pauseMs(error, attempt + 1, moment), attempt: attempt + 1 };
}
