import { describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION } from '@millrace/protocol';
import { readAwayMs, readHandshake, readToken } from './handshake.js';

const client = { name: 'board', version: '1' };
const refusal = (code: string) => expect.objectContaining({ code }) as Error;

describe('the handshake', () => {
  it('has a version and a token', () => {
    expect(readHandshake({ protocol: PROTOCOL_VERSION, token: 'abc', client })).toEqual({ token: 'abc' });
  });

  it('may have its version as a string, as clients whose auth is a map of strings send it', () => {
    expect(readHandshake({ protocol: String(PROTOCOL_VERSION), token: 'abc' })).toEqual({ token: 'abc' });
  });

  it.each([
    [undefined],
    [null],
    [{}],
    [{ protocol: '2', token: 'abc' }],
    [{ protocol: '', token: 'abc' }],
    [{ protocol: ' 1', token: 'abc' }],
    [{ protocol: '+1', token: 'abc' }],
    [{ protocol: '0x1', token: 'abc' }],
    [{ protocol: '1e0', token: 'abc' }],
    [{ protocol: [1], token: 'abc' }],
    [{ protocol: true, token: 'abc' }],
    [{ protocol: 2, token: 'abc' }],
    ['text'],
    [7],
  ])('%j is of no version that is spoken here', (auth) => {
    expect(() => readHandshake(auth)).toThrow(refusal('PROTOCOL_UNSUPPORTED'));
  });

  it.each([[undefined], [null], [''], [7], [{ toString: () => 'abc' }], [['abc']], ['x'.repeat(16_385)]])(
    'refuses a token that is none (%#)',
    (token) => {
      expect(() => readHandshake({ protocol: PROTOCOL_VERSION, token, client })).toThrow(refusal('UNAUTHENTICATED'));
    },
  );

  it.each([
    [{ awayMs: 0 }, undefined],
    [{ awayMs: 1_500.5 }, 1_500.5],
    [{ awayMs: -1 }, undefined],
    [{ awayMs: Number.NaN }, undefined],
    [{ awayMs: 1e15 }, undefined],
    [{ awayMs: '1500.5' }, 1_500.5],
    [{ awayMs: '5 s' }, undefined],
    [{ awayMs: '-5' }, undefined],
    [{}, undefined],
    [null, undefined],
  ])('of %j was away for %s ms', (auth, awayMs) => {
    expect(readAwayMs(auth)).toBe(awayMs);
  });

  it('takes tokens as long as they get', () => {
    expect(readToken('x'.repeat(16_384))).toHaveLength(16_384);
  });
});
