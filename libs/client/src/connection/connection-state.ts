import type { FrameLimits, WireError } from '@millrace/protocol';
import type { Moment } from '../environment/moment.js';
import { backoffMs } from './backoff.js';
import { isFinal, noRefusals, oneMore, type Refusals } from './patience.js';

/**
 * Where the connection stands. Times are in ms since 1970.
 *
 * @publicApi
 */
export type ConnectionState =
  /** Nothing is tried. With `error`: the server refused for good. */
  | { readonly kind: 'disconnected'; readonly error?: WireError }
  /** `attempt` tries failed in a row before this one. The token or the version was refused `refusals` times in a row. */
  | {
      readonly kind: 'connecting';
      readonly attempt: number;
      readonly refusals: number;
      readonly refusedSince?: number;
    }
  /** `attempt` falls to 0 only when the session has lasted. */
  | {
      readonly kind: 'connected';
      readonly session: string;
      /** For whom the session speaks, as the server says; a server of an earlier version does not. */
      readonly subject?: string;
      /** How large a frame this server takes; one of an earlier version does not say. */
      readonly limits?: FrameLimits;
      readonly since: number;
      readonly attempt: number;
      readonly refusals: number;
      readonly refusedSince?: number;
    }
  /** The next try is at `nextAt`, and not before `notBefore` even when the network comes back. */
  | {
      readonly kind: 'reconnecting';
      readonly attempt: number;
      readonly refusals: number;
      readonly refusedSince?: number;
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
  | { readonly kind: 'opened'; readonly session: string; readonly subject?: string; readonly limits?: FrameLimits }
  /** The try failed, the link broke, or the server said that it is closing and why. */
  | { readonly kind: 'lost'; readonly error?: WireError }
  | { readonly kind: 'draining'; readonly retryAfterMs: number }
  /** The time of `nextAt` has come. `busy`: commands wait for their answers on this link. */
  | { readonly kind: 'due'; readonly busy: boolean }
  /** The network is back or the page is looked at again. */
  | { readonly kind: 'wake' };

/** A session that ends sooner counts as a failed try: else a server that accepts and cuts is asked without pause. */
const LASTING_MS = 5_000;
/** Sessions that are let in and cut again and again push the pause no further than this. */
const AFTER_SHORT_SESSION = { attempts: 4, maxMs: 10_000 };
/** A try that got no answer has waited already. */
const AFTER_SILENCE_MS = 4_000;
/** How soon a draining link that is still owed an answer is looked at again. */
const BUSY_CHECK_MS = 100;

const firstTry: ConnectionState = { kind: 'connecting', attempt: 0, ...noRefusals };

/** What is known of the world, and for how long refusals are doubted. */
export type ConnectionMoment = Moment & { readonly patienceMs: number };

/** The same object when nothing changes, so that a new object always means: act. */
export function transition(state: ConnectionState, input: ConnectionInput, moment: ConnectionMoment): ConnectionState {
  if (state.kind === 'closed') return state;
  switch (input.kind) {
    case 'close':
      return { kind: 'closed' };
    case 'disconnect':
      return state.kind === 'disconnected' && !state.error ? state : { kind: 'disconnected' };
    case 'connect':
      return isStopped(state) ? firstTry : withoutPause(state, moment.now);
    case 'opened':
      if (state.kind !== 'connecting') return state;
      return { ...state, ...input, kind: 'connected', since: moment.now };
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

/** Only the application starts again. */
export const isStopped = (state: ConnectionState): state is ConnectionState & { kind: 'disconnected' | 'needs-auth' } =>
  state.kind === 'disconnected' || state.kind === 'needs-auth';

function withoutPause(state: ConnectionState, now: number): ConnectionState {
  if (state.kind !== 'reconnecting' || now < state.notBefore) return state;
  return nextTry(state);
}

function nextTry({ attempt, ...before }: { readonly attempt: number } & Refusals): ConnectionState {
  return { kind: 'connecting', attempt, ...refusalsOf(before) };
}

function refusalsOf({ refusals, refusedSince }: Refusals): Refusals {
  return { refusals, ...(refusedSince !== undefined && { refusedSince }) };
}

function afterWaiting(state: ConnectionState, busy: boolean, now: number): ConnectionState {
  if (state.kind === 'reconnecting') return nextTry(state);
  if (state.kind !== 'draining') return state;
  // The server waits for commands in flight before it closes; leaving earlier would make their outcome unknown.
  return busy ? { ...state, nextAt: now + BUSY_CHECK_MS } : firstTry;
}

type Tried = Extract<ConnectionState, { kind: 'connecting' | 'connected' | 'draining' }>;

function afterLoss(state: ConnectionState, error: WireError | undefined, moment: ConnectionMoment): ConnectionState {
  if (state.kind !== 'connecting' && state.kind !== 'connected' && state.kind !== 'draining') return state;
  if (error?.retry === 'reauthenticate') return afterRefusal(state, error, 'needs-auth', moment);
  if (error?.retry === 'never') {
    // While nodes are replaced by others of another version, one that speaks this one may be the next to answer.
    const isOfNode = error.code === 'PROTOCOL_UNSUPPORTED' && state.kind === 'connecting';
    return isOfNode ? afterRefusal(state, error, 'disconnected', moment) : { kind: 'disconnected', error };
  }
  const attempt = attemptsBefore(state, moment.now);
  const maxMs =
    error?.reason === 'silent' ? AFTER_SILENCE_MS : state.kind === 'connected' ? AFTER_SHORT_SESSION.maxMs : Infinity;
  const pauseMs = backoffMs(attempt, moment.random, within(moment, maxMs));
  // A failure that says nothing about the token leaves its count: else the two in turn would go on for ever. A session
  // that was open says that the token is good.
  const refused = state.kind === 'connecting' ? refusalsOf(state) : noRefusals;
  return waiting({ attempt: attempt + 1, ...refused }, pauseMs, error, moment.now);
}

/** By a node that may be wrong: again and again, over new connections, before it is believed. */
function afterRefusal(
  state: Tried,
  error: WireError,
  end: 'needs-auth' | 'disconnected',
  moment: ConnectionMoment,
): ConnectionState {
  const attempt = attemptsBefore(state, moment.now);
  const before = isShort(state, moment.now) || state.kind === 'connecting' ? state : noRefusals;
  const refused = oneMore(before, moment.now);
  if (isFinal(error, refused, moment)) return { kind: end, error };
  const failures = { attempt: attempt + 1, ...refused };
  // The usual case: a token that expired while nobody looked. Not for a session that is let in and cut in a loop.
  const isUsual = end === 'needs-auth' && refused.refusals === 1 && (state.kind === 'connecting' || attempt === 0);
  if (isUsual && error.retryAfterMs === undefined) return nextTry(failures);
  // Half of the ceiling at least: what is to be found out is whether the node is the same one some time later.
  const pauseMs = backoffMs(refused.refusals - 1, (1 + moment.random) / 2, moment.backoff);
  return waiting(failures, pauseMs, error, moment.now);
}

function waiting(
  failures: { readonly attempt: number } & Refusals,
  pauseMs: number,
  error: WireError | undefined,
  now: number,
): ConnectionState {
  // The pause comes on top of what the server asks for: it may have told many clients the same.
  const notBefore = now + (error?.retryAfterMs ?? 0);
  return { kind: 'reconnecting', ...failures, nextAt: notBefore + pauseMs, notBefore, ...(error && { error }) };
}

const within = ({ backoff }: Moment, maxMs: number): Moment['backoff'] => ({
  ...backoff,
  maxMs: Math.min(backoff.maxMs, maxMs),
});

const isShort = (state: Tried, now: number): state is Extract<Tried, { kind: 'connected' }> =>
  state.kind === 'connected' && now - state.since < LASTING_MS;

function attemptsBefore(state: Tried, now: number): number {
  if (state.kind === 'connecting') return state.attempt;
  return isShort(state, now) ? Math.min(state.attempt, AFTER_SHORT_SESSION.attempts) : 0;
}
