import { wireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { refreshTransition, type RefreshInput, type RefreshState } from './refresh-state.js';

const now = 100_000;
const moment = { now, random: 0.5, backoff: { minMs: 500, maxMs: 20_000 } };
const changed = wireError('PRINCIPAL_CHANGED');

const states = {
  idle: { kind: 'idle' },
  waiting: { kind: 'waiting', at: now + 5, attempt: 1 },
  fetching: { kind: 'fetching', attempt: 1 },
  sending: { kind: 'sending', attempt: 1 },
  reconnect: { kind: 'reconnect', error: changed },
} as const satisfies Record<string, RefreshState>;

const inputs = {
  'expires late': { kind: 'expires', inMs: 600_000 },
  'expires soon': { kind: 'expires', inMs: 10_000 },
  'never expires': { kind: 'expires', inMs: undefined },
  asked: { kind: 'asked' },
  due: { kind: 'due' },
  fetched: { kind: 'fetched' },
  'no token': { kind: 'failed' },
  'refused: token': { kind: 'failed', error: wireError('UNAUTHENTICATED') },
  'refused: wait': { kind: 'failed', error: wireError('RATE_LIMITED', { retryAfterMs: 9_000 }) },
  'refused: never': { kind: 'failed', error: wireError('FORBIDDEN') },
  'refused: principal': { kind: 'failed', error: changed },
} as const satisfies Record<string, RefreshInput>;

type Name = keyof typeof states;
type Input = keyof typeof inputs;

const waiting = (inMs: number, attempt: number) => ({ kind: 'waiting', at: now + inMs, attempt });
const always = {
  'expires late': waiting(560_000, 0),
  'expires soon': waiting(5_000, 0),
  'never expires': { kind: 'idle' },
};
const failures = {
  'no token': waiting(1_000, 2),
  'refused: token': waiting(1_000, 2),
  'refused: wait': waiting(10_000, 2),
  'refused: never': { kind: 'idle' },
  'refused: principal': { kind: 'reconnect', error: changed },
};

/** What is not listed changes nothing. */
const table: Record<Name, Partial<Record<Input, object>>> = {
  idle: { ...always, asked: { kind: 'fetching', attempt: 0 } },
  waiting: { ...always, asked: { kind: 'fetching', attempt: 0 }, due: { kind: 'fetching', attempt: 1 } },
  fetching: { ...always, ...failures, fetched: { kind: 'sending', attempt: 1 } },
  sending: { ...always, ...failures },
  reconnect: {},
};

const pairs = (Object.keys(states) as Name[]).flatMap((state) =>
  (Object.keys(inputs) as Input[]).map((input) => [state, input] as const),
);

describe('the refresh of a token', () => {
  it.each(pairs)('%s + %s', (name, input) => {
    const state: RefreshState = states[name];
    expect(refreshTransition(state, inputs[input], moment)).toEqual(table[name][input] ?? state);
  });
});
