import type { Moment } from '../environment/moment.js';
import { applyAnswer, retryLater } from './apply-answer.js';
import { emptyBuffer, hold } from './frame-buffer.js';
import { eventEffects, merge } from './merge.js';
import {
  asking,
  positionIn,
  type AskingState,
  type SubscriptionEffect,
  type SubscriptionInput,
  type SubscriptionState,
  type SubscriptionStep,
} from './subscription-state.js';

/** The one place where a subscription moves. The same state object when nothing changes. */
export function transition(state: SubscriptionState, input: SubscriptionInput, moment: Moment): SubscriptionStep {
  const { state: next, effects } = step(state, input, moment);
  if (next.kind === state.kind) return { state: next, effects };
  return { state: next, effects: [...effects, { kind: 'status', status: next.kind }] };
}

function step(state: SubscriptionState, input: SubscriptionInput, moment: Moment): SubscriptionStep {
  if (state.kind === 'unsubscribed') return to(state);
  switch (input.kind) {
    case 'ended':
      return to({ kind: 'unsubscribed' });
    case 'revoked':
      return to({ kind: 'unsubscribed' }, { kind: 'error', error: input.error });
    case 'lagging':
      // An answer under way may be older or newer than this; a request after it is neither.
      return to({ ...askAgain(state), request: { kind: 'waiting', until: moment.now + input.retryAfterMs } });
    case 'discontinuity':
      return to(askAgain(state));
    case 'offline':
      return to({ ...askAgain(state), request: { kind: 'offline' } });
    case 'orphaned':
      return to(asking(undefined, { kind: 'offline' }), {
        kind: 'discontinuity',
        reason: 'principal',
        position: undefined,
      });
    case 'events':
    case 'live':
      return takeFrame(state, input);
    case 'online':
    case 'due':
    case 'asked':
    case 'unanswered':
    case 'answered':
      return state.kind === 'subscribed' ? to(state) : moveRequest(state, input, moment);
    default:
      return input satisfies never;
  }
}

function takeFrame(
  state: Exclude<SubscriptionState, { kind: 'unsubscribed' }>,
  input: SubscriptionInput & { kind: 'events' | 'live' },
): SubscriptionStep {
  if (input.kind === 'live') {
    if (state.kind !== 'subscribed') return to(state);
    return to(state, ...input.frame.events.map((event) => ({ kind: 'live', event }) as const));
  }
  if (state.kind === 'subscribed') {
    if (!state.position) return to(state);
    const { events, position, isWhole } = merge(state.position, input.frame);
    const effects = eventEffects(position, events, false);
    return to(isWhole ? { kind: 'subscribed', position } : asking(position, { kind: 'due' }), ...effects);
  }
  const { request } = state;
  // Without a request in the air nothing is lost by dropping it: whatever is asked for next will hold it.
  if (request.kind !== 'asked') return to(state);
  return to({ ...state, request: { ...request, buffer: hold(request.buffer, input.frame) } });
}

function moveRequest(
  state: AskingState,
  input: SubscriptionInput & { kind: 'online' | 'due' | 'asked' | 'unanswered' | 'answered' },
  moment: Moment,
): SubscriptionStep {
  const { request } = state;
  switch (input.kind) {
    case 'online':
      return to(request.kind === 'offline' ? { ...state, request: { kind: 'due' } } : state);
    case 'due':
      return to(request.kind === 'waiting' ? { ...state, request: { kind: 'due' } } : state);
    case 'asked':
      if (request.kind !== 'due') return to(state);
      return to({ ...state, request: { kind: 'asked', sid: input.sid, buffer: emptyBuffer } });
    case 'unanswered':
      return request.kind === 'asked' && request.sid === input.sid ? to(retryLater(state, moment)) : to(state);
    case 'answered':
      // The answer to an earlier request: what it says was true for a moment that has passed.
      if (request.kind !== 'asked' || request.sid !== input.answer.sid) return to(state);
      return applyAnswer(state, request.buffer, input.answer, moment);
    default:
      return input satisfies never;
  }
}

/** Forgets a request under way: its answer will carry a `sid` that nobody waits for. */
function askAgain(state: Exclude<SubscriptionState, { kind: 'unsubscribed' }>): AskingState {
  if (state.kind === 'subscribed') return asking(positionIn(state), { kind: 'due' });
  return { ...state, request: { kind: 'due' } };
}

function to(state: SubscriptionState, ...effects: SubscriptionEffect[]): SubscriptionStep {
  return { state, effects };
}
