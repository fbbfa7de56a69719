import { describe, expect, it } from 'vitest';
import { wireError, type WireError } from '@millrace/protocol';
import { refusalIn, transition, type ConnectionInput, type ConnectionState } from './connection-state.js';

const now = 100_000;
const moment = { now, random: 0.5, backoff: { minMs: 500, maxMs: 20_000 } };
const busy = wireError('BUSY', { retryAfterMs: 3_000 });
const expired = wireError('TOKEN_EXPIRED');
const never = wireError('PROTOCOL_UNSUPPORTED');
const drained = wireError('DRAINING', { retryAfterMs: 700 });
/** From a newer server. */
const foreign = { code: 'NEW', message: 'New.', retry: 'later' } as unknown as WireError;

const states = {
  disconnected: { kind: 'disconnected' },
  refused: { kind: 'disconnected', error: never },
  connecting: { kind: 'connecting', attempt: 2, refusals: 0 },
  'connecting again': { kind: 'connecting', attempt: 3, refusals: 1 },
  'connecting at last': { kind: 'connecting', attempt: 3, refusals: 2 },
  'connected just now': { kind: 'connected', session: 's', since: now - 10, attempt: 2, refusals: 1 },
  connected: { kind: 'connected', session: 's', since: now - 60_000, attempt: 2, refusals: 1 },
  reconnecting: { kind: 'reconnecting', attempt: 2, refusals: 1, nextAt: now + 50, notBefore: now },
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
  'lost: never': { kind: 'lost', error: never },
  'lost: foreign': { kind: 'lost', error: foreign },
  'to drain': { kind: 'draining', retryAfterMs: 900 },
  due: { kind: 'due', busy: false },
  'due, busy': { kind: 'due', busy: true },
  wake: { kind: 'wake' },
} as const satisfies Record<string, ConnectionInput>;

type Name = keyof typeof states;
type Input = keyof typeof inputs;

const connecting = (attempt = 0, refusals = 0) => ({ kind: 'connecting', attempt, refusals });
const connected = (attempt: number, refusals: number) => ({
  kind: 'connected',
  session: 'new',
  since: now,
  attempt,
  refusals,
});
const waiting = (
  attempt: number,
  refusals: number,
  jitterMs: number,
  error?: { readonly retryAfterMs?: number },
): object => {
  const notBefore = now + (error?.retryAfterMs ?? 0);
  return { kind: 'reconnecting', attempt, refusals, nextAt: notBefore + jitterMs, notBefore, ...(error && { error }) };
};
const off = { kind: 'disconnected' };
const refused = { kind: 'disconnected', error: never };
const needsAuth = { kind: 'needs-auth', error: expired };
const closed = { kind: 'closed' };

/** What is not listed changes nothing. */
const table: Record<Name, Partial<Record<Input, object>>> = {
  disconnected: { connect: connecting(), close: closed },
  refused: { connect: connecting(), disconnect: off, close: closed },
  connecting: {
    disconnect: off,
    close: closed,
    opened: connected(2, 0),
    lost: waiting(3, 0, 1_000),
    'lost: busy': waiting(3, 0, 1_000, busy),
    'lost: draining': waiting(3, 0, 1_000, drained),
    'lost: token': connecting(3, 1),
    'lost: never': refused,
    'lost: foreign': waiting(3, 0, 1_000, foreign),
  },
  'connecting again': {
    disconnect: off,
    close: closed,
    opened: connected(3, 1),
    lost: waiting(4, 1, 2_000),
    'lost: busy': waiting(4, 1, 2_000, busy),
    'lost: draining': waiting(4, 1, 2_000, drained),
    'lost: token': waiting(4, 2, 2_000, expired),
    'lost: never': refused,
    'lost: foreign': waiting(4, 1, 2_000, foreign),
  },
  'connecting at last': {
    disconnect: off,
    close: closed,
    opened: connected(3, 2),
    lost: waiting(4, 2, 2_000),
    'lost: busy': waiting(4, 2, 2_000, busy),
    'lost: draining': waiting(4, 2, 2_000, drained),
    'lost: token': needsAuth,
    'lost: never': refused,
    'lost: foreign': waiting(4, 2, 2_000, foreign),
  },
  'connected just now': {
    disconnect: off,
    close: closed,
    lost: waiting(3, 1, 1_000),
    'lost: busy': waiting(3, 1, 1_000, busy),
    'lost: draining': waiting(3, 1, 1_000, drained),
    'lost: token': waiting(3, 2, 1_000, expired),
    'lost: never': refused,
    'lost: foreign': waiting(3, 1, 1_000, foreign),
    'to drain': { kind: 'draining', session: 's', nextAt: now + 900 },
  },
  connected: {
    disconnect: off,
    close: closed,
    lost: waiting(1, 0, 250),
    'lost: busy': waiting(1, 0, 250, busy),
    'lost: draining': waiting(1, 0, 250, drained),
    'lost: token': connecting(1, 1),
    'lost: never': refused,
    'lost: foreign': waiting(1, 0, 250, foreign),
    'to drain': { kind: 'draining', session: 's', nextAt: now + 900 },
  },
  reconnecting: {
    connect: connecting(2, 1),
    disconnect: off,
    close: closed,
    due: connecting(2, 1),
    'due, busy': connecting(2, 1),
    wake: connecting(2, 1),
  },
  'told to wait': { disconnect: off, close: closed, due: connecting(2, 1), 'due, busy': connecting(2, 1) },
  'needs auth': { connect: connecting(), disconnect: off, close: closed },
  draining: {
    disconnect: off,
    close: closed,
    lost: waiting(1, 0, 250),
    'lost: busy': waiting(1, 0, 250, busy),
    'lost: draining': waiting(1, 0, 250, drained),
    'lost: token': connecting(1, 1),
    'lost: never': refused,
    'lost: foreign': waiting(1, 0, 250, foreign),
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
    const refusals: Partial<Record<Name, WireError>> = { refused: never, 'needs auth': expired };
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

  it('stops after three refused tokens, whatever fails in between', () => {
    let state: ConnectionState = { kind: 'connecting', attempt: 0, refusals: 0 };
    let tries = 1;
    while (state.kind !== 'needs-auth' && tries < 20) {
      state = transition(state, { kind: 'lost', ...(tries % 2 === 1 && { error: expired }) }, moment);
      if (state.kind === 'reconnecting') state = transition(state, { kind: 'due', busy: false }, moment);
      if (state.kind === 'connecting') tries++;
    }
    expect(state).toEqual(needsAuth);
    expect(tries).toBe(5);
  });
});
