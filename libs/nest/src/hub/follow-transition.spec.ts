import type { ChannelName } from '@millrace/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOrder } from '../core/order-check.js';
import type { HistoryPage } from '../stream/stream-store.port.js';
import { opening, type FollowInput, type FollowState } from './follow-state.js';
import { transition } from './follow-transition.js';
import { holdNothing, type Held } from './held-batches.js';
import { batchOf, eventAt, placeAt } from './testing/batches.js';

const rules = { channel: 'desk.SFO' as ChannelName, maxHeldBytes: 10_000, checkOrder };
const held: Held = { batches: [batchOf(8)], bytes: 130 };

const states = {
  opening,
  following: { kind: 'following', last: placeAt(5) },
  holding: { kind: 'holding', last: placeAt(5), held, attempt: 0 },
  repairing: { kind: 'repairing', last: placeAt(5), held, attempt: 2, again: false },
} as const satisfies Record<FollowState['kind'], FollowState>;

const complete = (from: number, to: number): HistoryPage => ({
  outcome: 'complete',
  events: batchOf(from, to).events,
  position: placeAt(to),
  head: placeAt(to),
});
const more: HistoryPage = { outcome: 'more', events: [eventAt(6)], position: placeAt(6), head: placeAt(90) };
const lost: HistoryPage = { outcome: 'unrecoverable', reason: 'epoch', head: placeAt(3, 'b') };

const inputs = {
  opened: { kind: 'opened', head: placeAt(7) },
  next: { kind: 'batch', batch: batchOf(6) },
  bridge: { kind: 'batch', batch: batchOf(6, 7) },
  old: { kind: 'batch', batch: batchOf(4, 5) },
  gap: { kind: 'batch', batch: batchOf(9) },
  foreign: { kind: 'batch', batch: batchOf(6, 6, 'b') },
  'seen ours': { kind: 'seen', position: placeAt(5) },
  'seen more': { kind: 'seen', position: placeAt(6) },
  'seen other': { kind: 'seen', position: placeAt(2, 'b') },
  rewound: { kind: 'rewound' },
  elapsed: { kind: 'elapsed' },
  complete: { kind: 'page', page: complete(6, 7) },
  more: { kind: 'page', page: more },
  lost: { kind: 'page', page: lost },
  failed: { kind: 'failed' },
} as const satisfies Record<string, FollowInput>;

/** State, last offset and held batches; then the effects in short. */
function brief(state: FollowState, input: FollowInput): string {
  const step = transition(state, input, rules);
  const last = step.state.kind === 'opening' ? '' : ` ${step.state.last.epoch}${step.state.last.offset}`;
  const waiting = 'held' in step.state ? ` +${step.state.held.batches.length}${step.state.held.goal ? '!' : ''}` : '';
  const effects = step.effects.map((effect) => {
    switch (effect.kind) {
      case 'emit':
        return `emit ${effect.batch.events.map(({ offset }) => offset).join(' ')}`;
      case 'hold':
        return `hold ${effect.attempt}`;
      case 'read':
        return `read ${effect.after.offset}`;
      case 'count':
        return effect.what;
      case 'discontinuity':
        return effect.reason;
      case 'lagging':
        return 'lagging';
    }
  });
  return [`${step.state.kind}${last}${waiting}`, ...effects].join(', ');
}

const table: Record<FollowState['kind'], Record<keyof typeof inputs, string>> = {
  opening: {
    opened: 'following a7',
    next: 'opening +1',
    bridge: 'opening +1',
    old: 'opening +1',
    gap: 'opening +1',
    foreign: 'opening +1',
    'seen ours': 'opening +0!',
    'seen more': 'opening +0!',
    'seen other': 'opening +0!',
    rewound: 'opening +0',
    elapsed: 'opening +0',
    complete: 'opening +0',
    more: 'opening +0',
    lost: 'opening +0',
    failed: 'opening +0',
  },
  following: {
    opened: 'following a5',
    next: 'following a6, emit 6',
    bridge: 'following a7, emit 6 7',
    old: 'following a5, duplicate',
    gap: 'holding a5 +1, gap, hold 0',
    foreign: 'repairing a5 +0, suspect, read 5',
    'seen ours': 'following a5',
    'seen more': 'holding a5 +0!, hold 0',
    'seen other': 'holding a5 +0!, hold 0',
    rewound: 'repairing a5 +0, read 5',
    elapsed: 'following a5',
    complete: 'following a5',
    more: 'following a5',
    lost: 'following a5',
    failed: 'following a5',
  },
  holding: {
    opened: 'holding a5 +1',
    next: 'holding a6 +1, emit 6',
    bridge: 'following a8, emit 6 7, emit 8, healed',
    old: 'holding a5 +1, duplicate',
    gap: 'holding a5 +2',
    foreign: 'repairing a5 +0, suspect, read 5',
    'seen ours': 'holding a5 +1',
    'seen more': 'holding a5 +1!',
    'seen other': 'holding a5 +1!',
    rewound: 'repairing a5 +0, read 5',
    elapsed: 'repairing a5 +0, read 5',
    complete: 'holding a5 +1',
    more: 'holding a5 +1',
    lost: 'holding a5 +1',
    failed: 'holding a5 +1',
  },
  repairing: {
    opened: 'repairing a5 +1',
    next: 'repairing a6 +1, emit 6',
    bridge: 'repairing a7 +1, emit 6 7',
    old: 'repairing a5 +1, duplicate',
    gap: 'repairing a5 +2',
    foreign: 'repairing a5 +1',
    'seen ours': 'repairing a5 +1',
    'seen more': 'repairing a5 +1!',
    'seen other': 'repairing a5 +1!',
    rewound: 'repairing a5 +1',
    elapsed: 'repairing a5 +1',
    complete: 'following a8, emit 6 7, repaired, emit 8',
    more: 'following a90, lagging',
    lost: 'following b3, epoch',
    failed: 'holding a5 +1, hold 3',
  },
};

const cases = Object.entries(table).flatMap(([state, row]) =>
  Object.entries(row).map(([input, expected]) => [state, input, expected] as const),
);

describe('transition', () => {
  it.each(cases)('%s, %s: %s', (state, input, expected) => {
    expect(brief(states[state as keyof typeof states], inputs[input as keyof typeof inputs])).toBe(expected);
  });

  it('looks anew when the log was replaced while it was read', () => {
    const opened = transition(transition(opening, inputs.rewound, rules).state, inputs.opened, rules);
    expect(opened.effects).toEqual([{ kind: 'read', after: placeAt(7) }]);
    const again = transition(transition(states.repairing, inputs.rewound, rules).state, inputs.complete, rules);
    expect(again.effects).toEqual([{ kind: 'read', after: placeAt(5) }]);
  });

  it('lets a batch go at the bound, but knows that it exists', () => {
    const small = { ...rules, maxHeldBytes: 140 };
    const full = transition(states.holding, inputs.gap, small);
    expect(full.effects).toEqual([{ kind: 'count', what: 'overflow' }]);
    expect(full.state).toMatchObject({ held: { batches: [batchOf(8)], goal: placeAt(9) } });
    const bridged = transition(full.state, inputs.bridge, small);
    expect(bridged.state).toMatchObject({ kind: 'holding', last: placeAt(8) });
  });

  it('does not go back when a batch arrived during the read of a large hole', () => {
    const ahead: FollowState = { ...states.repairing, last: placeAt(95), held: holdNothing };
    expect(transition(ahead, inputs.more, rules).state).toEqual({ kind: 'following', last: placeAt(95) });
  });

  it('emits every offset of a life once and in order, whatever comes', () => {
    const any = fc.constantFrom(...Object.values(inputs), ...[7, 8, 9, 10].map((offset) => seen(offset)));
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (given) => {
        let state: FollowState = states.following;
        let at: number | undefined = 5;
        const broken: string[] = [];
        for (const input of given) {
          const step = transition(state, input, rules);
          for (const effect of step.effects) {
            if (effect.kind === 'lagging' || effect.kind === 'discontinuity') at = undefined;
            if (effect.kind !== 'emit') continue;
            if (at !== undefined && effect.batch.prev !== at) broken.push(`${effect.batch.prev + 1} after ${at}`);
            at = effect.batch.events.at(-1)?.offset;
          }
          state = step.state;
        }
        expect(broken).toEqual([]);
      }),
    );
  });
});

const seen = (offset: number): FollowInput => ({ kind: 'batch', batch: batchOf(offset) });
