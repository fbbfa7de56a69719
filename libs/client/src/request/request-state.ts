import type { Answer, ErrorCode, WireError } from '@millrace/protocol';
import { pauseMs } from '../connection/backoff.js';
import type { Moment } from '../environment/moment.js';
import { sdkError } from '../sdk-errors.js';

/**
 * Where one request, a command or a page of history, stands. Times are in ms since 1970.
 *
 * ```
 * queued ──send──▶ sent ──answer──▶ done
 *   ▲               │
 *   └── refused ────┘   only by an answer that proves that no handler saw it
 * ```
 */
export type RequestState =
  /** Not sent, or provably not executed; may be sent from `notBefore` until `expiresAt`. */
  | { readonly kind: 'queued'; readonly notBefore: number; readonly expiresAt: number; readonly attempt: number }
  /** From here on nobody can tell whether it was executed, until an answer does. */
  | { readonly kind: 'sent'; readonly timeoutAt: number; readonly expiresAt: number; readonly attempt: number }
  | { readonly kind: 'done'; readonly answer: object }
  | { readonly kind: 'failed'; readonly error: WireError };

export type RequestInput =
  | { readonly kind: 'send'; readonly timeoutMs: number }
  /** The link did not take it, because it is about to close. */
  | { readonly kind: 'unsent' }
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'lost' }
  /** No connection is tried for any more, because of `error`. */
  | { readonly kind: 'refused'; readonly error: WireError }
  /** The session speaks for another user than the one for whom the request was made. */
  | { readonly kind: 'orphaned' }
  /** As much time has passed as there was until `at`, whatever was done to the clock meanwhile. */
  | { readonly kind: 'due'; readonly at: number }
  | { readonly kind: 'closed' };

/**
 * The one place that looks at codes instead of `retry`: these are answered before any handler runs, whatever the
 * server's policy for them is. Any other failure may have had effects, and repeating it is the caller's decision.
 */
const notExecuted: ReadonlySet<string> = new Set<ErrorCode>(['RATE_LIMITED', 'BUSY', 'COMMANDS_IN_FLIGHT', 'DRAINING']);

/** The same object when nothing changes. */
export function requestTransition(state: RequestState, input: RequestInput, moment: Moment): RequestState {
  if (state.kind === 'done' || state.kind === 'failed') return state;
  switch (input.kind) {
    case 'send':
      if (state.kind !== 'queued' || moment.now < state.notBefore) return state;
      // A page that was frozen comes back with timers that are late.
      if (moment.now > state.expiresAt) return expired;
      return {
        kind: 'sent',
        timeoutAt: moment.now + input.timeoutMs,
        expiresAt: state.expiresAt,
        attempt: state.attempt,
      };
    case 'unsent':
      if (state.kind !== 'sent') return state;
      return { kind: 'queued', notBefore: moment.now, expiresAt: state.expiresAt, attempt: state.attempt };
    case 'answered':
      if (state.kind !== 'sent') return state;
      if (input.answer.ok) return { kind: 'done', answer: input.answer };
      return afterRefusal(state, input.answer.error, moment);
    case 'lost':
      return state.kind === 'sent' ? { kind: 'failed', error: sdkError('CONNECTION_LOST', 'unknown') } : state;
    case 'refused':
      if (state.kind !== 'queued') return state;
      return { kind: 'failed', error: { ...input.error, outcome: 'not-applied' } };
    case 'orphaned':
      return state.kind === 'queued' ? { kind: 'failed', error: principalChanged } : state;
    case 'due':
      return afterTime(state, input.at, moment.now);
    case 'closed':
      return {
        kind: 'failed',
        error: sdkError('CLIENT_CLOSED', state.kind === 'sent' ? 'unknown' : 'not-applied'),
      };
    default:
      return input satisfies never;
  }
}

/** When a request needs to be looked at again without any input. */
export function nextLook(state: RequestState, now: number): number | undefined {
  if (state.kind === 'queued') return state.notBefore > now ? state.notBefore : state.expiresAt;
  return state.kind === 'sent' ? state.timeoutAt : undefined;
}

/** Not the registry's `retry`: a new connection is what brought this about. */
const principalChanged: WireError = {
  code: 'PRINCIPAL_CHANGED' satisfies ErrorCode,
  message: 'The request was made while another user was signed in.',
  retry: 'never',
  outcome: 'not-applied',
};

const expired: RequestState = { kind: 'failed', error: sdkError('COMMAND_EXPIRED', 'not-applied') };

function afterTime(state: RequestState & { kind: 'queued' | 'sent' }, at: number, now: number): RequestState {
  if (state.kind === 'sent') {
    return at < state.timeoutAt ? state : { kind: 'failed', error: sdkError('DEADLINE_EXCEEDED', 'unknown') };
  }
  if (at >= state.expiresAt) return expired;
  // The clock was set back: `send` would go by it and wait for the same moment again.
  return now < state.notBefore && at >= state.notBefore ? { ...state, notBefore: now } : state;
}

/** A handler may throw one of these codes too, when some of its work is done: then the outcome says so. */
function isRepeatable({ code, retry, outcome = 'not-applied' }: WireError): boolean {
  return notExecuted.has(code) && retry !== 'never' && outcome === 'not-applied';
}

function afterRefusal(
  { attempt, expiresAt }: { readonly attempt: number; readonly expiresAt: number },
  error: WireError,
  moment: Moment,
): RequestState {
  if (!isRepeatable(error)) return { kind: 'failed', error };
  const notBefore = moment.now + pauseMs(error, attempt, moment);
  // Waiting for a moment that comes too late would only hide the server's own reason.
  if (notBefore >= expiresAt) return { kind: 'failed', error: { outcome: 'not-applied', ...error } };
  return { kind: 'queued', notBefore, expiresAt, attempt: attempt + 1 };
}
