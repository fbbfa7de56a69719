import { describe, expect, it } from 'vitest';
import { wireError, type WireError } from '@millrace/protocol';
import { refusalIn, transition, type ConnectionInput, type ConnectionState } from './connection-state.js';

const now = 100_000;
const moment = { now, random: 0.5, backoff: { minMs: 500, maxMs: 20_000 }, patienceMs: 60_000 };
const busy = wireError('BUSY', { retryAfterMs: 3_000 });
const expired = wireError('TOKEN_EXPIRED');
const banned = wireError('FORBIDDEN');
const version = wireError('PROTOCOL_UNSUPPORTED');
const signIn = wireError('UNAUTHENTICATED', { reason: 'sign-in' });
const missing = wireError('UNAUTHENTICATED', { reason: 'missing' });
const drained = wireError('DRAINING', { retryAfterMs: 700 });
/** From a newer server. */
const foreign = { code: 'NEW', message: 'New.', retry: 'later' } as unknown as WireError;

const states = {
  disconnected: { kind: 'disconnected' },
  refused: { kind: 'disconnected', error: banned },
  connecting: { kind: 'connecting', attempt: 2, refusals: 0 },
  'connecting again': { kind: 'connecting', attempt: 3, refusals: 1, refusedSince: now - 60_000 },
  'connecting at last': { kind: 'connecting', attempt: 9, refusals: 4, refusedSince: now - 60_000 },
  'connecting, refused often': { kind: 'connecting', attempt: 9, refusals: 8, refusedSince: now - 59_999 },
  'connected just now': {
    kind: 'connected',
    session: 's',
    since: now - 10,
    attempt: 2,
    refusals: 4,
    refusedSince: now - 60_000,
  },
  'connected just now, as often before': { kind: 'connected', session: 's', since: now - 10, attempt: 40, refusals: 0 },
  connected: {
    kind: 'connected',
    session: 's',
    since: now - 60_000,
    attempt: 2,
    refusals: 4,
    refusedSince: now - 90_000,
  },
  reconnecting: {
    kind: 'reconnecting',
    attempt: 2,
    refusals: 1,
    refusedSince: now - 9,
    nextAt: now + 50,
    notBefore: now,
  },
  'told to wait': { kind: 'reconnecting', attempt: 2, refusals: 1, nextAt: now + 50, notBefore: now + 40, error: busy },
  'needs auth': { kind: 'needs-auth', error: expired },
  draining: { kind: 'draining', session: 's', nextAt: now + 5 },
  closed: { kind: 'closed' },
} as const satisfies Record<string, ConnectionState>;

const inputs = {
  connect: { kind: 'connect' },
  disconnect: { kind: 'disconnect' },
  close: { kind: 'close' },
  opened: { kind: 'opened', session: 'new' },
  lost: { kind: 'lost' },
  'lost: busy': { kind: 'lost', error: busy },
  'lost: draining': { kind: 'lost', error: drained },
  'lost: token': { kind: 'lost', error: expired },
  'lost: no token': { kind: 'lost', error: missing },
  'lost: sign in': { kind: 'lost', error: signIn },
  'lost: never': { kind: 'lost', error: banned },
  'lost: version': { kind: 'lost', error: version },
  'lost: foreign': { kind: 'lost', error: foreign },
  'to drain': { kind: 'draining', retryAfterMs: 900 },
  due: { kind: 'due', busy: false },
  'due, busy': { kind: 'due', busy: true },
  wake: { kind: 'wake' },
} as const satisfies Record<string, ConnectionInput>;

type Name = keyof typeof states;
type Input = keyof typeof inputs;

const since = (refusedSince?: number) => (refusedSince === undefined ? {} : { refusedSince });
const connecting = (attempt = 0, refusals = 0, refusedSince?: number) => ({
  kind: 'connecting',
  attempt,
  refusals,
  ...since(refusedSince),
});
const connected = (attempt: number, refusals: number, refusedSince?: number) => ({
  kind: 'connected',
  session: 'new',
  since: now,
  attempt,
  refusals,
  ...since(refusedSince),
});
interface Failures {
  readonly attempt: number;
  readonly refusals?: number;
  readonly refusedSince?: number;
}
const waiting = ({ refusals = 0, ...failures }: Failures, jitterMs: number, error?: Partial<WireError>): object => {
  const notBefore = now + (error?.retryAfterMs ?? 0);
  const times = { nextAt: notBefore + jitterMs, notBefore };
  return { kind: 'reconnecting', refusals, ...failures, ...times, ...(error && { error }) };
};
const off = { kind: 'disconnected' };
const refused = { kind: 'disconnected', error: banned };
const needsAuth = (error = expired) => ({ kind: 'needs-auth', error });
const closed = { kind: 'closed' };
const minuteAgo = now - 60_000;

/** What every try and every session does alike. */
const always = { disconnect: off, close: closed, 'lost: never': refused, 'lost: sign in': needsAuth(signIn) };
/** Failures that say nothing about the client. */
const failed = (failures: Failures, jitterMs: number) => ({
  lost: waiting(failures, jitterMs),
  'lost: busy': waiting(failures, jitterMs, busy),
  'lost: draining': waiting(failures, jitterMs, drained),
  'lost: foreign': waiting(failures, jitterMs, foreign),
});
const toDrain = { kind: 'draining', session: 's', nextAt: now + 900 };
const versionIsFinal = { kind: 'disconnected', error: version };

/** What is not listed changes nothing. */
const table: Record<Name, Partial<Record<Input, object>>> = {
  disconnected: { connect: connecting(), close: closed },
  refused: { connect: connecting(), disconnect: off, close: closed },
  connecting: {
    ...always,
    ...failed({ attempt: 3 }, 1_000),
    opened: connected(2, 0),
    'lost: token': connecting(3, 1, now),
    'lost: no token': connecting(3, 1, now),
    'lost: version': waiting({ attempt: 3, refusals: 1, refusedSince: now }, 375, version),
  },
  'connecting again': {
    ...always,
    ...failed({ attempt: 4, refusals: 1, refusedSince: minuteAgo }, 2_000),
    opened: connected(3, 1, minuteAgo),
    'lost: token': waiting({ attempt: 4, refusals: 2, refusedSince: minuteAgo }, 750, expired),
    'lost: no token': waiting({ attempt: 4, refusals: 2, refusedSince: minuteAgo }, 750, missing),
    'lost: version': waiting({ attempt: 4, refusals: 2, refusedSince: minuteAgo }, 750, version),
  },
  'connecting at last': {
    ...always,
    ...failed({ attempt: 10, refusals: 4, refusedSince: minuteAgo }, 10_000),
    opened: connected(9, 4, minuteAgo),
    'lost: token': needsAuth(),
    'lost: no token': needsAuth(missing),
    'lost: version': versionIsFinal,
  },
  'connecting, refused often': {
    ...always,
    ...failed({ attempt: 10, refusals: 8, refusedSince: minuteAgo + 1 }, 10_000),
    opened: connected(9, 8, minuteAgo + 1),
    'lost: token': waiting({ attempt: 10, refusals: 9, refusedSince: minuteAgo + 1 }, 15_000, expired),
    'lost: no token': needsAuth(missing),
    'lost: version': waiting({ attempt: 10, refusals: 9, refusedSince: minuteAgo + 1 }, 15_000, version),
  },
  'connected just now': {
    ...always,
    ...failed({ attempt: 3 }, 1_000),
    'lost: token': needsAuth(),
    'lost: no token': needsAuth(missing),
    'lost: version': versionIsFinal,
    'to drain': toDrain,
  },
  'connected just now, as often before': {
    ...always,
    ...failed({ attempt: 5 }, 4_000),
    'lost: token': waiting({ attempt: 5, refusals: 1, refusedSince: now }, 375, expired),
    'lost: no token': waiting({ attempt: 5, refusals: 1, refusedSince: now }, 375, missing),
    'lost: version': versionIsFinal,
    'to drain': toDrain,
  },
  connected: {
    ...always,
    ...failed({ attempt: 1 }, 250),
    'lost: token': connecting(1, 1, now),
    'lost: no token': connecting(1, 1, now),
    'lost: version': versionIsFinal,
    'to drain': toDrain,
  },
  reconnecting: {
    connect: connecting(2, 1, now - 9),
    disconnect: off,
    close: closed,
    due: connecting(2, 1, now - 9),
    'due, busy': connecting(2, 1, now - 9),
    wake: connecting(2, 1, now - 9),
  },
  'told to wait': { disconnect: off, close: closed, due: connecting(2, 1), 'due, busy': connecting(2, 1) },
  'needs auth': { connect: connecting(), disconnect: off, close: closed },
  draining: {
    ...always,
    ...failed({ attempt: 1 }, 250),
    'lost: token': connecting(1, 1, now),
    'lost: no token': connecting(1, 1, now),
    'lost: version': versionIsFinal,
    due: connecting(),
    'due, busy': { kind: 'draining', session: 's', nextAt: now + 100 },
  },
  closed: {},
};

const pairs = (Object.keys(states) as Name[]).flatMap((state) =>
  (Object.keys(inputs) as Input[]).map((input) => [state, input] as const),
);

describe('the connection', () => {
  it.each(pairs)('%s + %s', (name, input) => {
    const state: ConnectionState = states[name];
    expect(transition(state, inputs[input], moment)).toEqual(table[name][input] ?? state);
  });

  it.each(pairs.filter(([name, input]) => !table[name][input]))('%s + %s: nothing to act on', (name, input) => {
    expect(transition(states[name], inputs[input], moment)).toBe(states[name]);
  });

  it.each(Object.keys(states) as Name[])('%s: whether a request need not wait', (name) => {
    const refusals: Partial<Record<Name, WireError>> = { refused: banned, 'needs auth': expired };
    expect(refusalIn(states[name])).toBe(refusals[name]);
  });

  it('never gives up by itself, and never waits longer than the ceiling', () => {
    let state: ConnectionState = { kind: 'connecting', attempt: 0, refusals: 0 };
    for (let failure = 0; failure < 200; failure++) {
      state = transition(state, { kind: 'lost' }, { ...moment, random: 0.999 });
      expect(state).toMatchObject({ kind: 'reconnecting', attempt: failure + 1 });
      expect(state.kind === 'reconnecting' && state.nextAt - now).toBeLessThanOrEqual(20_000);
      state = transition(state, { kind: 'due', busy: false }, moment);
    }
  });

  it.each([
    ['a refused token', expired, 'needs-auth'],
    ['a version that the node does not speak', version, 'disconnected'],
  ])('believes %s after a minute of tries, with growing pauses, whatever fails in between', (_what, error, end) => {
    let state: ConnectionState = { kind: 'connecting', attempt: 0, refusals: 0 };
    let at = now;
    const pauses: number[] = [];
    for (let tries = 1; state.kind === 'connecting' && tries < 100; tries++) {
      state = transition(state, { kind: 'lost', ...(tries % 4 !== 0 && { error }) }, { ...moment, now: at });
      if (state.kind !== 'reconnecting') continue;
      if (state.error) pauses.push(state.nextAt - at);
      at = state.nextAt;
      state = transition(state, { kind: 'due', busy: false }, { ...moment, now: at });
    }
    expect(state).toEqual({ kind: end, error });
    expect(at - now).toBeGreaterThanOrEqual(60_000);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(pauses.length).toBeGreaterThanOrEqual(4);
  });

  it('does not sum up refusals of which others let the client in between', () => {
    let state: ConnectionState = { kind: 'connecting', attempt: 0, refusals: 0 };
    for (let round = 0; round < 50; round++) {
      const at = { ...moment, now: now + round * 10_000 };
      state = transition(state, { kind: 'lost', error: expired }, at);
      if (state.kind === 'reconnecting') state = transition(state, { kind: 'due', busy: false }, at);
      state = transition(state, { kind: 'opened', session: 's' }, at);
      state = transition(state, { kind: 'lost' }, at);
      state = transition(state, { kind: 'due', busy: false }, at);
    }
    expect(state).toMatchObject({ kind: 'connecting', refusals: 0 });
  });
});
