import { describe, expect, it } from 'vitest';
import { errors, wireError, type ErrorCode } from './index.js';

const codes = Object.keys(errors) as ErrorCode[];

describe('the error registry', () => {
  it.each(codes)('%s says what happened and what to do', (code) => {
    const { retry, message, remediation } = errors[code];
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(['never', 'backoff', 'reauthenticate', 'resync', 'reconnect']).toContain(retry);
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(remediation).toMatch(/^[A-Z].*\.$/);
    expect(remediation).not.toBe(message);
  });

  it('has no message twice: somebody reads only that', () => {
    const messages = codes.map((code) => errors[code].message);
    expect(new Set(messages).size).toBe(messages.length);
  });

  it('gives the wire form, without the remediation', () => {
    expect(wireError('FORBIDDEN')).toEqual({
      code: 'FORBIDDEN',
      message: errors.FORBIDDEN.message,
      retry: 'never',
    });
  });

  it('adds what only this error knows', () => {
    expect(wireError('RATE_LIMITED', { retryAfterMs: 400, outcome: 'not-applied' })).toMatchObject({
      retry: 'backoff',
      retryAfterMs: 400,
      outcome: 'not-applied',
    });
  });
});
