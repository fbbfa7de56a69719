import { describe, expect, it } from 'vitest';
import { wireError } from '@millrace/protocol';
import { transition, type SessionInput, type SessionState } from './session-state.js';

const draining = wireError('DRAINING');
const busy = wireError('BUSY');

const states = {
  active: { kind: 'active' },
  'active with expiry': { kind: 'active', expiresAt: 5 },
  draining: { kind: 'draining' },
  'draining with expiry': { kind: 'draining', expiresAt: 5 },
  closed: { kind: 'closed' },
  'closed with error': { kind: 'closed', error: draining },
} as const satisfies Record<string, SessionState>;

const inputs = {
  renewed: { kind: 'renewed', expiresAt: 9 },
  'renewed for ever': { kind: 'renewed' },
  drain: { kind: 'drain' },
  close: { kind: 'close', error: busy },
  disconnected: { kind: 'disconnected' },
} as const satisfies Record<string, SessionInput>;

type State = keyof typeof states;
type Input = keyof typeof inputs;

const table: Record<State, Record<Input, SessionState>> = {
  active: {
    renewed: { kind: 'active', expiresAt: 9 },
    'renewed for ever': { kind: 'active' },
    drain: { kind: 'draining' },
    close: { kind: 'closed', error: busy },
    disconnected: { kind: 'closed' },
  },
  'active with expiry': {
    renewed: { kind: 'active', expiresAt: 9 },
    'renewed for ever': { kind: 'active' },
    drain: { kind: 'draining', expiresAt: 5 },
    close: { kind: 'closed', error: busy },
    disconnected: { kind: 'closed' },
  },
  draining: {
    renewed: { kind: 'draining', expiresAt: 9 },
    'renewed for ever': { kind: 'draining' },
    drain: { kind: 'draining' },
    close: { kind: 'closed', error: busy },
    disconnected: { kind: 'closed' },
  },
  'draining with expiry': {
    renewed: { kind: 'draining', expiresAt: 9 },
    'renewed for ever': { kind: 'draining' },
    drain: { kind: 'draining', expiresAt: 5 },
    close: { kind: 'closed', error: busy },
    disconnected: { kind: 'closed' },
  },
  closed: {
    renewed: { kind: 'closed' },
    'renewed for ever': { kind: 'closed' },
    drain: { kind: 'closed' },
    close: { kind: 'closed' },
    disconnected: { kind: 'closed' },
  },
  'closed with error': {
    renewed: states['closed with error'],
    'renewed for ever': states['closed with error'],
    drain: states['closed with error'],
    close: states['closed with error'],
    disconnected: states['closed with error'],
  },
};

const pairs = (Object.keys(states) as State[]).flatMap((state) =>
  (Object.keys(inputs) as Input[]).map((input) => [state, input] as const),
);

describe('the session', () => {
  it.each(pairs)('%s + %s', (state, input) => {
    expect(transition(states[state], inputs[input])).toStrictEqual(table[state][input]);
  });
});
