import {
  decodePosition,
  type ErrorCode,
  type EventsFrame,
  type Offset,
  type Position,
  type SubscribeAnswer,
  type UnrecoverableReason,
  type WireError,
} from '@millrace/protocol';
import { pauseMs } from '../connection/backoff.js';
import type { Moment } from '../environment/moment.js';
import type { FrameBuffer } from './frame-buffer.js';
import { eventEffects, merge } from './merge.js';
import {
  asking,
  positionIn,
  type AskingState,
  type SubscriptionEffect,
  type SubscriptionStep,
} from './subscription-state.js';

/** What passes by itself. Anything else may last while it is asked for again, and the application should know of it. */
const passing: ReadonlySet<string> = new Set<ErrorCode>([
  'BUSY',
  'RATE_LIMITED',
  'SUBSCRIPTION_ENDED',
  'STREAM_UNAVAILABLE',
  'TOKEN_EXPIRED',
]);

type Page = Extract<SubscribeAnswer, { position: string }>;

/**
 * What an answer and the frames that waited for it come to:
 *
 * ```
 * request ─────────────▶ server joins, then reads up to here ┐
 *    buffered frames:  … 7 8 9 │ 10 11                       │
 *    answer:         5 6 7 8 9 ◀──────────────────────────────┘
 * ```
 *
 * The answer's events come first, then the buffered ones that are not known yet; a hole between them is asked for.
 */
export function applyAnswer(
  state: AskingState,
  buffer: FrameBuffer,
  answer: SubscribeAnswer,
  moment: Moment,
): SubscriptionStep {
  switch (answer.outcome) {
    case 'live':
      return { state: { kind: 'subscribed', position: undefined }, effects: [] };
    case 'refused':
      return refused(state, answer.error, moment);
    case 'fresh':
    case 'recovered':
    case 'behind':
    case 'unrecoverable':
      return takePage(state, buffer, answer, moment);
    default:
      // A newer server: trying again is all that is left.
      return { state: retryLater(state, moment), effects: [] };
  }
}

function takePage(state: AskingState, buffer: FrameBuffer, page: Page, moment: Moment): SubscriptionStep {
  const head = decodePosition(page.position);
  if (!head) return { state: retryLater(state, moment), effects: [] };
  const since = positionIn(state);
  const start = startOf(since, page, head);
  const { events, position, isWhole } = merge(start.position, { epoch: head.epoch, prev: 0, events: page.events });
  const effects = [...start.effects, ...eventEffects(position, events, page.outcome !== 'fresh')];
  // Kept with the position, so a storage has to hear of it although the place is the same.
  const isRenewed = since !== undefined && position.offset === since.offset && position.grant !== since.grant;
  if (isRenewed && effects.length === 0) effects.push({ kind: 'position', position });
  const recovered = (state.kind === 'recovering' ? state.recovered : 0) + events.length;
  const next: AskingState = { kind: 'recovering', request: { kind: 'due' }, attempt: 0, position, recovered };
  const isBehind = page.outcome === 'behind';

  if (!isWhole || (isBehind ? events.length === 0 : position.offset < head.offset)) {
    // The server contradicts itself. Asking again at once might go round for ever.
    return { state: retryLater({ ...next, attempt: state.attempt }, moment), effects };
  }
  if (isBehind) return { state: next, effects };
  const isLost = start.effects.some(({ kind }) => kind === 'discontinuity');
  if (page.outcome === 'recovered' && !isLost) effects.push({ kind: 'recovered', count: recovered });
  if (buffer.kind === 'overflowed') return { state: asking(position, { kind: 'due' }), effects };
  return replay(position, buffer.frames, effects);
}

/** Where the events of a page follow on, and what is to be said before them. */
function startOf(
  since: Position | undefined,
  page: Page,
  head: Position,
): { readonly position: Position; readonly effects: readonly SubscriptionEffect[] } {
  const [first] = page.events;
  const grant = grantIn(page);
  const place = first ? { ...head, offset: (first.offset - 1) as Offset, id: '' } : head;
  const position = { ...place, ...(grant !== undefined && { grant }) };
  // A position before events has no id to be recognized by; the first of those events is about to bring one.
  const known = first ? undefined : position;
  const lost = (reason: UnrecoverableReason) => ({
    position,
    effects: [{ kind: 'discontinuity', reason, position: known } as const],
  });
  if (page.outcome === 'unrecoverable') return lost(page.reason);
  if (!since) return { position, effects: known ? [{ kind: 'position', position: known }] : [] };
  if (since.epoch !== head.epoch) return lost('epoch');
  // `fresh` although we said where we stand: the server did not look at it.
  if (page.outcome === 'fresh' && since.offset !== position.offset) return lost('mismatch');
  // A server of before grants nothing, and what another one granted is still true.
  return { position: { ...since, ...(grant !== undefined && { grant }) }, effects: [] };
}

/** Where it has the form of one: what is kept with a position has to come back with it. */
const grantIn = ({ position, grant }: Page): string | undefined => decodePosition(`${position}.${grant}`)?.grant;

function replay(
  start: Position,
  frames: readonly EventsFrame[],
  effects: readonly SubscriptionEffect[],
): SubscriptionStep {
  const all = [...effects];
  let position = start;
  for (const frame of frames) {
    const merged = merge(position, frame);
    all.push(...eventEffects(merged.position, merged.events, false));
    position = merged.position;
    if (!merged.isWhole) return { state: asking(position, { kind: 'due' }), effects: all };
  }
  return { state: { kind: 'subscribed', position }, effects: all };
}

function refused(state: AskingState, error: WireError, moment: Moment): SubscriptionStep {
  if (error.retry === 'never') return { state: { kind: 'unsubscribed' }, effects: [{ kind: 'error', error }] };
  if (error.retry === 'resync' && state.kind === 'recovering') {
    const effects = [{ kind: 'discontinuity', reason: 'mismatch', position: undefined }] as const;
    return { state: asking(undefined, { kind: 'due' }), effects };
  }
  const later = retryLater(state, moment, error);
  const isPassing = error.retry === 'reconnect' || error.retry === 'resync' || passing.has(error.code);
  if (isPassing || state.told === error.code) return { state: later, effects: [] };
  return { state: { ...later, told: error.code }, effects: [{ kind: 'error', error }] };
}

export function retryLater<S extends AskingState>(state: S, moment: Moment, error?: WireError): S {
  const until = moment.now + pauseMs(error, state.attempt, moment);
  return { ...state, attempt: state.attempt + 1, request: { kind: 'waiting', until } };
}
