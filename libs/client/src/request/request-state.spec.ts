import { errors, wireError, type ErrorCode } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { nextLook, requestTransition, type RequestInput, type RequestState } from './request-state.js';

const now = 100_000;
const moment = { now, random: 0.5, backoff: { minMs: 500, maxMs: 20_000 } };
const answer = { ok: true, result: 1 } as const;
const refused = (code: ErrorCode, more: object = {}) =>
  ({ kind: 'answered', answer: { ok: false, error: wireError(code, more) } }) as const;

const states = {
  queued: { kind: 'queued', notBefore: now, expiresAt: now + 5_000, attempt: 0 },
  postponed: { kind: 'queued', notBefore: now + 10, expiresAt: now + 5_000, attempt: 1 },
  stale: { kind: 'queued', notBefore: now, expiresAt: now - 1, attempt: 0 },
  sent: { kind: 'sent', timeoutAt: now + 100, expiresAt: now + 5_000, attempt: 0 },
  overdue: { kind: 'sent', timeoutAt: now, expiresAt: now + 5_000, attempt: 0 },
  done: { kind: 'done', answer },
  failed: { kind: 'failed', error: wireError('FORBIDDEN') },
} as const satisfies Record<string, RequestState>;

const inputs = {
  send: { kind: 'send', timeoutMs: 300 },
  result: { kind: 'answered', answer },
  forbidden: refused('FORBIDDEN'),
  'rate limited': refused('RATE_LIMITED', { retryAfterMs: 400 }),
  busy: refused('BUSY'),
  'rate limited for long': refused('RATE_LIMITED', { retryAfterMs: 60_000 }),
  'in doubt': refused('TRANSACTION_IN_DOUBT', { outcome: 'unknown' }),
  'too slow': refused('DEADLINE_EXCEEDED', { outcome: 'not-applied' }),
  lost: { kind: 'lost' },
  'no connection': { kind: 'refused', error: wireError('UNAUTHENTICATED') },
  due: { kind: 'due', at: now },
  'due, by a clock that was set back': { kind: 'due', at: now + 10 },
  closed: { kind: 'closed' },
} as const satisfies Record<string, RequestInput>;

type Name = keyof typeof states;
type Input = keyof typeof inputs;

const failed = (code: ErrorCode, more: object = {}) => ({ kind: 'failed', error: wireError(code, more) });
const again = (waitMs: number) => ({ kind: 'queued', notBefore: now + waitMs, expiresAt: now + 5_000, attempt: 1 });
const ofAnswers = {
  result: { kind: 'done', answer },
  forbidden: failed('FORBIDDEN'),
  'rate limited': again(650),
  busy: again(250),
  'rate limited for long': failed('RATE_LIMITED', { retryAfterMs: 60_000, outcome: 'not-applied' }),
  'in doubt': failed('TRANSACTION_IN_DOUBT', { outcome: 'unknown' }),
  'too slow': failed('DEADLINE_EXCEEDED', { outcome: 'not-applied' }),
  lost: failed('CONNECTION_LOST', { outcome: 'unknown' }),
  closed: failed('CLIENT_CLOSED', { outcome: 'unknown' }),
};
const ofQueued = {
  'no connection': failed('UNAUTHENTICATED', { outcome: 'not-applied' }),
  closed: failed('CLIENT_CLOSED', { outcome: 'not-applied' }),
};

/** What is not listed changes nothing. */
const table: Record<Name, Partial<Record<Input, object>>> = {
  queued: { ...ofQueued, send: { kind: 'sent', timeoutAt: now + 300, expiresAt: now + 5_000, attempt: 0 } },
  postponed: {
    ...ofQueued,
    'due, by a clock that was set back': { kind: 'queued', notBefore: now, expiresAt: now + 5_000, attempt: 1 },
  },
  stale: {
    ...ofQueued,
    send: failed('COMMAND_EXPIRED', { outcome: 'not-applied' }),
    due: failed('COMMAND_EXPIRED', { outcome: 'not-applied' }),
    'due, by a clock that was set back': failed('COMMAND_EXPIRED', { outcome: 'not-applied' }),
  },
  sent: ofAnswers,
  overdue: {
    ...ofAnswers,
    due: failed('DEADLINE_EXCEEDED', { outcome: 'unknown' }),
    'due, by a clock that was set back': failed('DEADLINE_EXCEEDED', { outcome: 'unknown' }),
  },
  done: {},
  failed: {},
};

const pairs = (Object.keys(states) as Name[]).flatMap((state) =>
  (Object.keys(inputs) as Input[]).map((input) => [state, input] as const),
);

describe('a request', () => {
  it.each(pairs)('%s + %s', (name, input) => {
    const state: RequestState = states[name];
    expect(requestTransition(state, inputs[input], moment)).toEqual(table[name][input] ?? state);
  });

  const repeated: readonly string[] = ['RATE_LIMITED', 'BUSY', 'COMMANDS_IN_FLIGHT', 'DRAINING'];

  it.each(repeated as readonly ErrorCode[])('is repeated after %s, unless it may have been applied', (code) => {
    expect(requestTransition(states.sent, refused(code), moment).kind).toBe('queued');
    expect(requestTransition(states.sent, refused(code, { outcome: 'not-applied' }), moment).kind).toBe('queued');
    for (const outcome of ['applied', 'unknown']) {
      expect(requestTransition(states.sent, refused(code, { outcome }), moment)).toMatchObject({
        kind: 'failed',
        error: { code, outcome },
      });
    }
  });

  const others = (Object.keys(errors) as ErrorCode[]).filter((code) => !repeated.includes(code));
  it.each(others)('is told at once of %s, as the server said it', (code) => {
    const error = wireError(code, { outcome: 'not-applied' });
    const told = requestTransition(states.sent, { kind: 'answered', answer: { ok: false, error } }, moment);
    expect(told).toEqual({ kind: 'failed', error });
  });

  it.each([
    'STREAM_UNAVAILABLE',
    'TRANSACTION_ABORTED',
    'OVERLOADED',
    'DEADLINE_EXCEEDED',
    'TOKEN_EXPIRED',
    'TOO_MANY_REQUESTS',
    'UNAVAILABLE',
  ] as const)('is left to the caller after %s, which handlers may have caused', (code) => {
    expect(requestTransition(states.sent, refused(code), moment).kind).toBe('failed');
  });

  it('is looked at when it may be sent, expires or times out, and not after its end', () => {
    expect(nextLook(states.queued, now)).toBe(now + 5_000);
    expect(nextLook(states.postponed, now)).toBe(now + 10);
    expect(nextLook(states.sent, now)).toBe(now + 100);
    expect(nextLook(states.done, now)).toBeUndefined();
  });
});
