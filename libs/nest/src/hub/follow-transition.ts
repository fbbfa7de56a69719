import type { Position } from '@millrace/protocol';
import { endOf } from '../core/order-check.js';
import type { EventBatch, Placed } from '../core/stream-event.js';
import type { HistoryPage } from '../stream/stream-store.port.js';
import type {
  FollowEffect,
  FollowInput,
  FollowRules,
  FollowState,
  FollowStep,
  OpenState,
  Repairing,
} from './follow-state.js';
import { drain, hold, holdNothing, isMissing, note, type Held } from './held-batches.js';

/** The next state of a channel and what is to be done. Total: every input means something in every state. */
export function transition(state: FollowState, input: FollowInput, rules: FollowRules): FollowStep {
  switch (input.kind) {
    case 'batch':
      return state.kind === 'opening' ? keep(state, input.batch, rules) : onBatch(state, input.batch, rules);
    case 'seen':
      return onSeen(state, input.position);
    case 'opened':
      if (state.kind !== 'opening') return unchanged(state);
      return state.again ? repair(input.head, 0) : standAt(input.head, state.held, rules);
    case 'rewound':
      return onRewound(state);
    case 'elapsed':
      return state.kind === 'holding' ? repair(state.last, state.attempt) : unchanged(state);
    case 'page':
      return state.kind === 'repairing' ? onPage(state, input.page, rules) : unchanged(state);
    case 'failed':
      return state.kind === 'repairing' ? holdAt(state.last, state.held, state.attempt + 1) : unchanged(state);
  }
}

function onBatch(state: OpenState, batch: EventBatch, rules: FollowRules): FollowStep {
  const found = rules.checkOrder(state.last, batch);
  switch (found.kind) {
    case 'old':
      return withEffects([count('duplicate')], unchanged(state));
    case 'next':
      return onNext(state, found.batch, rules);
    case 'gap':
      if (state.kind !== 'following') return keep(state, batch, rules);
      return withEffects([count('gap')], holdAt(state.last, hold(holdNothing, batch, rules.maxHeldBytes), 0));
    case 'suspect':
      // While the log is being asked already: if the batch is the true one, the digest will say so again.
      if (state.kind === 'repairing') return unchanged(state);
      return withEffects([count('suspect')], repair(state.last, 0));
  }
}

/** The missing batch arrived by itself. `last` moves also while a read runs; its page then overlaps. */
function onNext(state: OpenState, batch: EventBatch, rules: FollowRules): FollowStep {
  const emit: FollowEffect = { kind: 'emit', batch };
  const last = endOf(batch);
  switch (state.kind) {
    case 'following':
      return { state: { kind: 'following', last }, effects: [emit] };
    case 'repairing':
      return { state: { ...state, last }, effects: [emit] };
    case 'holding': {
      const drained = drain(last, state.held, rules.checkOrder);
      const effects = [emit, ...emitAll(drained.emits)];
      if (drained.held) return { state: { ...state, last: drained.last, held: drained.held }, effects };
      return { state: { kind: 'following', last: drained.last }, effects: [...effects, count('healed')] };
    }
  }
}

function onSeen(state: FollowState, position: Placed): FollowStep {
  if (state.kind === 'opening') return unchanged({ ...state, held: note(state.held, position) });
  if (!isMissing(state.last, position)) return unchanged(state);
  if (state.kind === 'following') return holdAt(state.last, note(holdNothing, position), 0);
  return unchanged({ ...state, held: note(state.held, position) });
}

function onRewound(state: FollowState): FollowStep {
  switch (state.kind) {
    case 'following':
    case 'holding':
      return repair(state.last, 0);
    case 'opening':
    case 'repairing':
      return unchanged({ ...state, again: true });
  }
}

function onPage(state: Repairing, page: HistoryPage, rules: FollowRules): FollowStep {
  if (state.again) return repair(state.last, 0);
  switch (page.outcome) {
    case 'unrecoverable':
      return withEffects([{ kind: 'discontinuity', reason: page.reason }], standAt(page.head, state.held, rules));
    case 'more':
      return withEffects([{ kind: 'lagging' }], standAt(newer(state.last, page.head), state.held, rules));
    case 'complete': {
      const { last } = state;
      const events = page.events.filter(({ offset }) => offset > last.offset);
      const batch = { channel: rules.channel, epoch: last.epoch, prev: last.offset, prevId: last.id, events };
      const emits = events.length > 0 ? [batch] : [];
      return withEffects(
        [...emitAll(emits), count('repaired')],
        standAt(emits.length > 0 ? endOf(batch) : last, state.held, rules),
      );
    }
  }
}

/** From here on, with whatever of `held` follows. */
function standAt(head: Position, held: Held, rules: FollowRules): FollowStep {
  const drained = drain(head, held, rules.checkOrder);
  const next: FollowStep = drained.held
    ? holdAt(drained.last, drained.held, 0)
    : unchanged({ kind: 'following', last: drained.last });
  return withEffects(emitAll(drained.emits), next);
}

function holdAt(last: Position, held: Held, attempt: number): FollowStep {
  return { state: { kind: 'holding', last, held, attempt }, effects: [{ kind: 'hold', attempt }] };
}

/** What is held is let go: it is in the log, so the read will bring it. */
function repair(last: Position, attempt: number): FollowStep {
  return {
    state: { kind: 'repairing', last, held: holdNothing, attempt, again: false },
    effects: [{ kind: 'read', after: last }],
  };
}

function keep(state: Exclude<FollowState, { kind: 'following' }>, batch: EventBatch, rules: FollowRules): FollowStep {
  const held = hold(state.held, batch, rules.maxHeldBytes);
  const kept = held.batches.length > state.held.batches.length;
  return withEffects(kept ? [] : [count('overflow')], unchanged({ ...state, held }));
}

const newer = (one: Position, other: Position): Position =>
  one.epoch === other.epoch && one.offset > other.offset ? one : other;

const unchanged = (state: FollowState): FollowStep => ({ state, effects: [] });

const count = (what: Extract<FollowEffect, { kind: 'count' }>['what']): FollowEffect => ({ kind: 'count', what });

const emitAll = (batches: readonly EventBatch[]): FollowEffect[] => batches.map((batch) => ({ kind: 'emit', batch }));

const withEffects = (effects: readonly FollowEffect[], { state, effects: later }: FollowStep): FollowStep => ({
  state,
  effects: [...effects, ...later],
});
