import type { WireError } from '@millrace/protocol';
import type { Moment } from '../environment/moment.js';
import { backoffMs } from './backoff.js';

/**
 * Where the connection stands. Times are in ms since 1970.
 *
 * @publicApi
 */
export type ConnectionState =
  /** Nothing is tried. With `error`: the server refused for good. */
  | { readonly kind: 'disconnected'; readonly error?: WireError }
  /** `attempt` tries failed in a row before this one, `refusals` of them for the token. */
  | { readonly kind: 'connecting'; readonly attempt: number; readonly refusals: number }
  /** `attempt` and `refusals` fall to 0 only when the session has lasted. */
  | {
      readonly kind: 'connected';
      readonly session: string;
      readonly since: number;
      readonly attempt: number;
      readonly refusals: number;
    }
  /** The next try is at `nextAt`, and not before `notBefore` even when the network comes back. */
  | {
      readonly kind: 'reconnecting';
      readonly attempt: number;
      readonly refusals: number;
      readonly nextAt: number;
      readonly notBefore: number;
      readonly error?: WireError;
    }
  /** Fresh tokens are refused too: sign in, then `connect()`. */
  | { readonly kind: 'needs-auth'; readonly error: WireError }
  /** The node shuts down: events still come, the move to another node is at `nextAt`. */
  | { readonly kind: 'draining'; readonly session: string; readonly nextAt: number }
  /** For good. */
  | { readonly kind: 'closed' };

export type ConnectionInput =
  | { readonly kind: 'connect' }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'close' }
  | { readonly kind: 'opened'; readonly session: string }
  /** The try failed, the link broke, or the server said that it is closing and why. */
  | { readonly kind: 'lost'; readonly error?: WireError }
  | { readonly kind: 'draining'; readonly retryAfterMs: number }
  /** The time of `nextAt` has come. `busy`: commands wait for their answers on this link. */
  | { readonly kind: 'due'; readonly busy: boolean }
  /** The network is back or the page is looked at again. */
  | { readonly kind: 'wake' };

/** A session that ends sooner counts as a failed try: else a server that accepts and cuts is asked without pause. */
const LASTING_MS = 5_000;
/** The first refusal may be an expired token, the second a fault of the moment; the third is a fact. */
const MAX_REFUSALS = 3;
/** How soon a draining link that is still owed an answer is looked at again. */
const BUSY_CHECK_MS = 100;

/** The same object when nothing changes, so that a new object always means: act. */
export function transition(state: ConnectionState, input: ConnectionInput, moment: Moment): ConnectionState {
  if (state.kind === 'closed') return state;
  switch (input.kind) {
    case 'close':
      return { kind: 'closed' };
    case 'disconnect':
      return state.kind === 'disconnected' && !state.error ? state : { kind: 'disconnected' };
    case 'connect':
      return isStopped(state) ? { kind: 'connecting', attempt: 0, refusals: 0 } : withoutPause(state, moment.now);
    case 'opened':
      if (state.kind !== 'connecting') return state;
      return { ...state, kind: 'connected', session: input.session, since: moment.now };
    case 'draining':
      if (state.kind !== 'connected') return state;
      return { kind: 'draining', session: state.session, nextAt: moment.now + input.retryAfterMs };
    case 'due':
      return afterWaiting(state, input.busy, moment.now);
    case 'wake':
      return withoutPause(state, moment.now);
    case 'lost':
      return afterLoss(state, input.error, moment);
    default:
      return input satisfies never;
  }
}

/** Why the server is not asked again until `connect()`; nothing when it was not its refusal that ended the tries. */
export const refusalIn = (state: ConnectionState): WireError | undefined =>
  isStopped(state) ? state.error : undefined;

const isStopped = (state: ConnectionState): state is ConnectionState & { kind: 'disconnected' | 'needs-auth' } =>
  state.kind === 'disconnected' || state.kind === 'needs-auth';

function withoutPause(state: ConnectionState, now: number): ConnectionState {
  if (state.kind !== 'reconnecting' || now < state.notBefore) return state;
  return { kind: 'connecting', attempt: state.attempt, refusals: state.refusals };
}

function afterWaiting(state: ConnectionState, busy: boolean, now: number): ConnectionState {
  if (state.kind === 'reconnecting') {
    return { kind: 'connecting', attempt: state.attempt, refusals: state.refusals };
  }
  if (state.kind !== 'draining') return state;
  // The server waits for commands in flight before it closes; leaving earlier would make their outcome unknown.
  return busy ? { ...state, nextAt: now + BUSY_CHECK_MS } : { kind: 'connecting', attempt: 0, refusals: 0 };
}

function afterLoss(state: ConnectionState, error: WireError | undefined, moment: Moment): ConnectionState {
  if (isStopped(state) || state.kind === 'reconnecting') return state;
  const { attempt, refusals } = failuresBefore(state, moment.now);
  const wait = (more: { attempt: number; refusals: number }): ConnectionState => {
    const notBefore = moment.now + (error?.retryAfterMs ?? 0);
    // On top of what the server asks for: it may have told many clients the same.
    const nextAt = notBefore + backoffMs(attempt, moment.random, moment.backoff);
    return { kind: 'reconnecting', ...more, nextAt, notBefore, ...(error && { error }) };
  };
  switch (error?.retry) {
    case 'never':
      return { kind: 'disconnected', error };
    case 'reauthenticate':
      if (refusals + 1 >= MAX_REFUSALS) return { kind: 'needs-auth', error };
      if (refusals > 0) return wait({ attempt: attempt + 1, refusals: refusals + 1 });
      return { kind: 'connecting', attempt: attempt + 1, refusals: 1 };
    case 'backoff':
    case 'reconnect':
    case 'resync':
    case undefined:
    default:
      // A failure that says nothing about the token leaves its count: else the two in turn would go on for ever.
      return wait({ attempt: attempt + 1, refusals });
  }
}

function failuresBefore(state: ConnectionState, now: number): { attempt: number; refusals: number } {
  if (state.kind === 'connecting') return state;
  if (state.kind === 'connected' && now - state.since < LASTING_MS) return state;
  return { attempt: 0, refusals: 0 };
}
