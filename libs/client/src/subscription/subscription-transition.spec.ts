import {
  errors,
  wireError,
  type ErrorCode,
  type EventsFrame,
  type Position,
  type SubscribeAnswer,
  type WireEvent,
} from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { emptyBuffer, type FrameBuffer } from './frame-buffer.js';
import type { SubscriptionInput, SubscriptionState } from './subscription-state.js';
import { transition } from './subscription-transition.js';

const now = 100_000;
const moment = { now, random: 0.5, backoff: { minMs: 500, maxMs: 20_000 } };

const wire = (offset: number): WireEvent => ({ offset, id: `i${offset}`, type: 'a.b', time: offset, data: '1' });
const range = (first: number, last: number): WireEvent[] =>
  Array.from({ length: last - first + 1 }, (_, index) => wire(first + index));
const at = (offset: number, epoch = 'e'): Position =>
  ({ epoch, offset, id: offset === 0 ? '' : `i${offset}`, time: offset }) as unknown as Position;
const token = (offset: number, epoch = 'e') => `${epoch}.${offset}.${offset === 0 ? '' : `i${offset}`}.${offset}`;
const frame = (first: number, last: number, epoch = 'e'): EventsFrame => ({
  channel: 'c',
  epoch,
  prev: first - 1,
  events: range(first, last),
});
const held = (...frames: EventsFrame[]): FrameBuffer => ({ kind: 'held', frames, size: 0 });
const asked = (buffer: FrameBuffer = emptyBuffer) => ({ kind: 'asked', sid: 1, buffer }) as const;
const due = { kind: 'due' } as const;
const waiting = (ms: number) => ({ kind: 'waiting', until: now + ms }) as const;

const subscribing = (request: object, attempt = 0) => ({ kind: 'subscribing', request, attempt }) as SubscriptionState;
const recovering = (offset: number, request: object, attempt = 0, recovered = 0) =>
  ({ kind: 'recovering', request, attempt, position: at(offset), recovered }) as SubscriptionState;
const subscribed = (offset?: number) =>
  ({ kind: 'subscribed', position: offset === undefined ? undefined : at(offset) }) as SubscriptionState;

const states = {
  over: { kind: 'unsubscribed' },
  offline: subscribing({ kind: 'offline' }),
  'offline at 5': recovering(5, { kind: 'offline' }),
  due: subscribing(due),
  'due at 5': recovering(5, due),
  'waiting at 5': recovering(5, waiting(50)),
  asked: subscribing(asked()),
  'asked at 5': recovering(5, asked()),
  'at 5': subscribed(5),
  live: subscribed(),
} as const satisfies Record<string, SubscriptionState>;

const answer = (more: object): SubscriptionInput => ({
  kind: 'answered',
  answer: { sid: 1, ...more } as SubscribeAnswer,
});
const inputs = {
  online: { kind: 'online' },
  offline: { kind: 'offline' },
  asked: { kind: 'asked', sid: 1 },
  answered: answer({ outcome: 'recovered', position: token(6), events: range(6, 6) }),
  'answered late': {
    kind: 'answered',
    answer: { sid: 0, outcome: 'recovered', position: token(6), events: range(6, 6) },
  },
  unanswered: { kind: 'unanswered', sid: 1 },
  'unanswered late': { kind: 'unanswered', sid: 0 },
  event: { kind: 'events', frame: frame(6, 6) },
  hole: { kind: 'events', frame: frame(8, 8) },
  live: { kind: 'live', frame: { channel: 'c', events: [{ id: 'l', type: 'a.b', time: 1, data: '1' }] } },
  'time to ask': { kind: 'due' },
  lagging: { kind: 'lagging', retryAfterMs: 70 },
  discontinuity: { kind: 'discontinuity' },
  revoked: { kind: 'revoked', error: wireError('FORBIDDEN') },
  ended: { kind: 'ended' },
} as const satisfies Record<string, SubscriptionInput>;

type Name = keyof typeof states;
type Input = keyof typeof inputs;

const over = states.over;
/** Whatever it waits for, these have one meaning. */
const always = (state: (request: object) => SubscriptionState) => ({
  offline: state({ kind: 'offline' }),
  lagging: state(waiting(70)),
  discontinuity: state(due),
  revoked: over,
  ended: over,
});
const holding = (first: number) => asked({ kind: 'held', frames: [frame(first, first)], size: 101 });

/** What is not listed changes nothing. */
const table: Record<Name, Partial<Record<Input, SubscriptionState>>> = {
  over: {},
  offline: { ...always((request) => subscribing(request)), online: subscribing(due) },
  'offline at 5': { ...always((request) => recovering(5, request)), online: recovering(5, due) },
  due: { ...always((request) => subscribing(request)), asked: subscribing(asked()) },
  'due at 5': { ...always((request) => recovering(5, request)), asked: recovering(5, asked()) },
  'waiting at 5': { ...always((request) => recovering(5, request)), 'time to ask': recovering(5, due) },
  asked: {
    ...always((request) => subscribing(request)),
    answered: subscribed(6),
    unanswered: subscribing(waiting(250), 1),
    event: subscribing(holding(6)),
    hole: subscribing(holding(8)),
  },
  'asked at 5': {
    ...always((request) => recovering(5, request)),
    answered: subscribed(6),
    unanswered: recovering(5, waiting(250), 1),
    event: recovering(5, holding(6)),
    hole: recovering(5, holding(8)),
  },
  'at 5': { ...always((request) => recovering(5, request)), event: subscribed(6), hole: recovering(5, due) },
  live: always((request) => subscribing(request)),
};

const pairs = (Object.keys(states) as Name[]).flatMap((state) =>
  (Object.keys(inputs) as Input[]).map((input) => [state, input] as const),
);

/** The effects of a step, short: `e6` an event, `r7` a recovered one. */
const told = (state: SubscriptionState, input: SubscriptionInput) =>
  transition(state, input, moment).effects.map((effect) => {
    if (effect.kind === 'event') return `${effect.isRecovered ? 'r' : 'e'}${effect.event.offset}`;
    if (effect.kind === 'discontinuity') return `lost: ${effect.reason}`;
    if (effect.kind === 'recovered') return `recovered ${effect.count}`;
    if (effect.kind === 'error') return effect.error.code;
    if (effect.kind === 'status') return effect.status;
    return effect.kind;
  });
const after = (state: SubscriptionState, input: SubscriptionInput) => transition(state, input, moment).state;

describe('a subscription', () => {
  it.each(pairs)('%s + %s', (name, input) => {
    const state: SubscriptionState = states[name];
    expect(after(state, inputs[input])).toEqual(table[name][input] ?? state);
  });

  it('tells of every change of its status, and of nothing when it asks again in the same one', () => {
    expect(told(states['at 5'], inputs.offline)).toEqual(['recovering']);
    expect(told(states['offline at 5'], inputs.online)).toEqual([]);
    expect(told(states['at 5'], inputs.revoked)).toEqual(['FORBIDDEN', 'unsubscribed']);
    expect(told(states['at 5'], inputs.ended)).toEqual(['unsubscribed']);
  });

  it('hands over live events only while it is subscribed', () => {
    expect(told(states.live, inputs.live)).toEqual(['live']);
    for (const name of ['asked', 'due', 'offline', 'over'] as const)
      expect(told(states[name], inputs.live)).toEqual([]);
  });
});

describe('a live frame', () => {
  const here = states['at 5'];
  it.each([
    ['what comes next', frame(6, 8), ['e6', 'e7', 'e8'], subscribed(8)],
    ['what is known', frame(3, 5), [], subscribed(5)],
    ['what is partly known', frame(4, 7), ['e6', 'e7'], subscribed(7)],
    ['what leaves a hole before it', frame(7, 8), ['recovering'], recovering(5, due)],
    ['what names a hole without events', { ...frame(7, 6) }, ['recovering'], recovering(5, due)],
    [
      'what has a hole inside',
      { ...frame(6, 6), events: [wire(6), wire(8)] },
      ['e6', 'recovering'],
      recovering(6, due),
    ],
    ['another life of the log', frame(6, 6, 'x'), ['recovering'], recovering(5, due)],
    [
      'another event at a known offset',
      { ...frame(5, 5), events: [{ ...wire(5), id: 'other' }] },
      ['recovering'],
      recovering(5, due),
    ],
  ])('is taken: %s', (_what, input, effects, state) => {
    expect(told(here, { kind: 'events', frame: input })).toEqual(effects);
    expect(after(here, { kind: 'events', frame: input })).toEqual(state);
  });
});

describe('an answer', () => {
  const fresh = { outcome: 'fresh', position: token(5), events: [] };
  const recovered = { outcome: 'recovered', position: token(7), events: range(6, 7) };
  const behind = { outcome: 'behind', position: token(7), events: range(6, 7) };
  const gone = { outcome: 'unrecoverable', reason: 'expired', position: token(9), events: [] };
  const refused = (code: Parameters<typeof wireError>[0], more: object = {}) => ({
    outcome: 'refused',
    error: wireError(code, more),
  });

  it.each([
    ['fresh', undefined, fresh, [], ['position', 'subscribed'], subscribed(5)],
    ['fresh, then buffered', undefined, fresh, [frame(6, 6)], ['position', 'e6', 'subscribed'], subscribed(6)],
    ['a hole after the answer', undefined, fresh, [frame(7, 7)], ['position', 'recovering'], recovering(5, due)],
    [
      'recovered, buffer overlaps',
      5,
      recovered,
      [frame(4, 6), frame(7, 8)],
      ['r6', 'r7', 'recovered 2', 'e8', 'subscribed'],
      subscribed(8),
    ],
    [
      'recovered, with a hole before the buffer',
      5,
      recovered,
      [frame(9, 9)],
      ['r6', 'r7', 'recovered 2'],
      recovering(7, due),
    ],
    [
      'recovered, nothing missed',
      5,
      { ...recovered, position: token(5), events: [] },
      [],
      ['recovered 0', 'subscribed'],
      subscribed(5),
    ],
    ['behind', 5, behind, [], ['r6', 'r7'], recovering(7, due, 0, 2)],
    ['behind, and the buffer is of no use', 5, behind, [frame(6, 9)], ['r6', 'r7'], recovering(7, due, 0, 2)],
    ['behind without progress', 5, { ...behind, events: [] }, [], [], recovering(5, waiting(250), 1)],
    ['lost', 5, gone, [], ['lost: expired', 'subscribed'], subscribed(9)],
    ['lost, then buffered', 5, gone, [frame(10, 10)], ['lost: expired', 'e10', 'subscribed'], subscribed(10)],
    [
      'lost, with events',
      5,
      { ...gone, events: range(8, 9) },
      [],
      ['lost: expired', 'r8', 'r9', 'subscribed'],
      subscribed(9),
    ],
    [
      'recovered in another life',
      5,
      { ...recovered, position: token(7, 'x') },
      [],
      ['lost: epoch', 'r6', 'r7', 'subscribed'],
      { kind: 'subscribed', position: at(7, 'x') },
    ],
    ['fresh, although it was told a position', 3, fresh, [], ['lost: mismatch', 'subscribed'], subscribed(5)],
    ['fresh, at the position it was told', 5, fresh, [], ['subscribed'], subscribed(5)],
    ['recovered with a hole', 5, { ...recovered, events: [wire(7)] }, [], [], recovering(5, waiting(250), 1)],
    [
      'recovered without its last event',
      5,
      { ...recovered, events: [wire(6)] },
      [],
      ['r6'],
      recovering(6, waiting(250), 1, 1),
    ],
    ['a broken position', 5, { ...recovered, position: '?' }, [], [], recovering(5, waiting(250), 1)],
    ['something of a newer server', 5, { outcome: 'later' }, [], [], recovering(5, waiting(250), 1)],
    ['live', undefined, { outcome: 'live' }, [], ['subscribed'], subscribed()],
    ['refused for good', 5, refused('FORBIDDEN'), [], ['FORBIDDEN', 'unsubscribed'], over],
    ['refused for now', 5, refused('BUSY', { retryAfterMs: 900 }), [], [], recovering(5, waiting(1_150), 1)],
    [
      'refused by a fault of the server',
      5,
      refused('UNAVAILABLE', { retryAfterMs: 900 }),
      [],
      ['UNAVAILABLE'],
      { ...recovering(5, waiting(1_150), 1), told: 'UNAVAILABLE' },
    ],
    [
      'refused by a fault that may last',
      5,
      refused('INTERNAL', { retry: 'backoff', retryAfterMs: 30_000 }),
      [],
      ['INTERNAL'],
      { ...recovering(5, waiting(30_250), 1), told: 'INTERNAL' },
    ],
    ['refused until a new token', 5, refused('TOKEN_EXPIRED'), [], [], recovering(5, waiting(250), 1)],
    ['refused until elsewhere', 5, refused('DRAINING'), [], [], recovering(5, waiting(250), 1)],
    [
      'refused for its position',
      5,
      refused('POSITION_INVALID'),
      [],
      ['lost: mismatch', 'subscribing'],
      subscribing(due),
    ],
    ['refused for a position it has not', undefined, refused('POSITION_INVALID'), [], [], subscribing(waiting(250), 1)],
  ] as const)('%s', (_what, since, more, frames, effects, state) => {
    const request = asked(held(...frames));
    const before = since === undefined ? subscribing(request) : recovering(since, request);
    expect(told(before, answer(more))).toEqual(effects);
    expect(after(before, answer(more))).toEqual(state);
  });

  it('counts a recovery over all its pages', () => {
    const second = recovering(7, asked(), 0, 2);
    const last = { outcome: 'recovered', position: token(8), events: range(8, 8) };
    expect(told(second, answer(last))).toEqual(['r8', 'recovered 3', 'subscribed']);
  });

  it('waits longer each time', () => {
    const third = recovering(5, asked(), 2);
    expect(after(third, answer(refused('BUSY')))).toEqual(recovering(5, waiting(1_000), 3));
  });

  /** What a subscription does about a refusal, by its `retry` and code. */
  const course = (code: ErrorCode): string => {
    const { retry } = errors[code];
    if (retry === 'never') return 'told, over';
    if (retry === 'reconnect' || retry === 'resync') return 'asks again';
    const passing = ['BUSY', 'RATE_LIMITED', 'SUBSCRIPTION_ENDED', 'STREAM_UNAVAILABLE', 'TOKEN_EXPIRED'];
    return passing.includes(code) ? 'asks again' : 'told, asks again';
  };

  it.each(Object.keys(errors) as ErrorCode[])('that refuses with %s does what its retry says', (code) => {
    const before = subscribing(asked());
    const { error } = refused(code);
    const isOver = after(before, answer({ outcome: 'refused', error })).kind === 'unsubscribed';
    const isTold = told(before, answer({ outcome: 'refused', error })).includes(code);
    expect(`${isTold ? 'told, ' : ''}${isOver ? 'over' : 'asks again'}`).toBe(course(code));
  });

  it('that tells of a lasting fault is handed on once, and the question goes on', () => {
    let state: SubscriptionState = subscribing(asked());
    const steps = (['UNAVAILABLE', 'UNAVAILABLE', 'BUSY', 'UNAVAILABLE', 'TOO_MANY_REQUESTS'] as const).map((code) => {
      const names = told(state, answer(refused(code)));
      const next = after(state, answer(refused(code))) as SubscriptionState & { kind: 'subscribing' };
      expect(next.request.kind).toBe('waiting');
      state = { ...next, request: asked() };
      return names;
    });
    expect(steps).toEqual([['UNAVAILABLE'], [], [], [], ['TOO_MANY_REQUESTS']]);
    expect(told(state, answer(fresh))).toEqual(['position', 'subscribed']);
    expect(after(state, answer(fresh))).toEqual(subscribed(5));
  });

  it('is followed by another request when the buffer overflowed', () => {
    const big = { ...frame(6, 6), events: [{ ...wire(6), data: 'x'.repeat(1_000_001) }] };
    const full = after(states['asked at 5'], { kind: 'events', frame: big });
    expect(full).toEqual(recovering(5, asked({ kind: 'overflowed' })));
    expect(after(full, { kind: 'events', frame: frame(7, 7) })).toEqual(full);
    expect(after(full, answer(recovered))).toEqual(recovering(7, due));
  });
});
