import { errors, wireError, type ErrorCode } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { RealtimeError } from './realtime-error.js';
import { sdkError, sdkErrors } from './sdk-errors.js';

const codes = Object.keys(sdkErrors) as (keyof typeof sdkErrors)[];

describe('the errors of the SDK', () => {
  it.each(codes)('%s is the one in the registry', (code) => {
    expect(sdkError(code)).toEqual(wireError(code));
    expect(sdkError(code, 'unknown')).toEqual(wireError(code, { outcome: 'unknown' }));
  });

  it('holds every code that only the SDK says', () => {
    const own: ErrorCode[] = ['CONNECTION_LOST', 'COMMAND_EXPIRED', 'QUEUE_FULL', 'CLIENT_CLOSED', 'CONNECT_FAILED'];
    expect(codes).toEqual(expect.arrayContaining(own));
    expect(Object.keys(errors)).toEqual(expect.arrayContaining(codes));
  });
});

describe('a RealtimeError', () => {
  it('carries all that crossed the wire', () => {
    const details = [{ field: 'flight', rules: { isInt: 'flight must be an integer number' } }];
    const wire = wireError('VALIDATION_FAILED', { details, outcome: 'not-applied', retryAfterMs: 5, errorId: 'e1' });
    const error = new RealtimeError(wire);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ ...wire, name: 'RealtimeError' });
  });

  it('takes a code that this version does not know', () => {
    const error = new RealtimeError({ code: 'BRAND_NEW', message: 'New.', retry: 'backoff' });
    expect(error).toMatchObject({ code: 'BRAND_NEW', retry: 'backoff', details: [], outcome: undefined });
  });
});
