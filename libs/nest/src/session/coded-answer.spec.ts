import {
  BadGatewayException,
  BadRequestException,
  ConflictException,
  ForbiddenException,
  HttpException,
  InternalServerErrorException,
  Logger,
  PayloadTooLargeException,
  RequestTimeoutException,
  ServiceUnavailableException,
  UnauthorizedException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wireError } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { CodedAnswer } from './coded-answer.js';
import { EnhancerFault } from './enhancers/enhancer-fault.js';
import { WireRefusal } from './wire-refusal.js';

let answers: CodedAnswer;
let logged: unknown[];

beforeEach(() => {
  logged = [];
  answers = new CodedAnswer({ next: () => 'error-7' });
  vi.spyOn(Logger.prototype, 'error').mockImplementation((...entry: unknown[]) => void logged.push(entry));
});
afterEach(() => vi.restoreAllMocks());

const stackIn = (error: unknown) => (error instanceof Error ? error.stack : undefined);

const rejected = (message: string, status?: number) => ({
  ...wireError('REJECTED', status === undefined ? {} : { status }),
  message,
});
const limited = (message: string, more: object = {}) => ({
  ...wireError('TOO_MANY_REQUESTS', { status: 429, ...more }),
  message,
});
const unavailable = (message: string, status: number, more: object = {}) => ({
  ...wireError('UNAVAILABLE', { status, ...more }),
  message,
});

/** As another copy of Nest's packages makes them. */
class ForeignHttpException extends Error {
  getStatus(): number {
    return 404;
  }
  getResponse(): string {
    return this.message;
  }
}
class ForeignWsException extends Error {
  getError(): string {
    return this.message;
  }
}

describe('CodedAnswer', () => {
  it.each([
    ['a coded error', new CodedError('BUSY', { retryAfterMs: 5 }), wireError('BUSY', { retryAfterMs: 5 })],
    ['a refusal that is ready', new WireRefusal(wireError('FORBIDDEN')), wireError('FORBIDDEN')],
    ['a WsException', new WsException('Desk closed'), rejected('Desk closed')],
    ['a WsException with an object', new WsException({ message: 'Closed', code: 7 }), rejected('Closed')],
    ['a WsException of another copy', new ForeignWsException('Closed'), rejected('Closed')],
    ['a 400', new BadRequestException('No such gate'), rejected('No such gate', 400)],
    ['a 400 with texts', new BadRequestException(['one', 'two']), rejected('one; two', 400)],
    ['a 400 with an object', new BadRequestException({ message: 'Why', code: 7 }), rejected('Why', 400)],
    ['a 401, which says nothing about the token', new UnauthorizedException('No'), rejected('No', 401)],
    ['a 403', new ForbiddenException('inner'), wireError('FORBIDDEN')],
    ['a 404 of another copy', new ForeignHttpException('No such desk'), rejected('No such desk', 404)],
    ['a 409', new ConflictException('Taken'), rejected('Taken', 409)],
    ['a 413', new PayloadTooLargeException('Too long'), rejected('Too long', 413)],
    ['a 422', new UnprocessableEntityException('No sense'), rejected('No sense', 422)],
    ['a long text', new BadRequestException('x'.repeat(2_000)), rejected('x'.repeat(1_000), 400)],
    ['a 408', new RequestTimeoutException('Slow'), unavailable('Slow', 408)],
    ['a 429', new HttpException('Slower', 429), limited('Slower')],
    [
      'a 429 with a pause',
      new HttpException({ message: 'No', retryAfterMs: 700 }, 429),
      limited('No', { retryAfterMs: 700 }),
    ],
    [
      'a 429 with a pause in seconds',
      new HttpException({ message: 'No', 'retry-after': '2' }, 429),
      limited('No', { retryAfterMs: 2_000 }),
    ],
    [
      'a 429 that carries a pause',
      Object.assign(new HttpException('No', 429), { retryAfter: 1.5 }),
      limited('No', { retryAfterMs: 1_500 }),
    ],
    ['a 429 with a pause that is none', new HttpException({ message: 'No', retryAfter: 'soon' }, 429), limited('No')],
    ['a 503', new ServiceUnavailableException('Closed for the night'), unavailable('Closed for the night', 503)],
  ])('gives %s on, and logs nothing', (_, error, wire) => {
    expect(answers.of(error, 'here')).toEqual(wire);
    expect(logged).toEqual([]);
  });

  it.each([
    ['a 500', new InternalServerErrorException('secret'), 'secret'],
    ['a 502', new BadGatewayException('secret'), 'secret'],
    ['an error', new Error('secret'), 'secret'],
    ['text', 'secret', 'secret'],
    ['nothing', undefined, 'undefined'],
  ])('lets nothing of %s out, and logs it once under the id that it tells', (_, error, text) => {
    const wire = answers.of(error, 'command x');
    expect(wire).toEqual(wireError('INTERNAL', { errorId: 'error-7' }));
    expect(logged).toEqual([[`command x failed (errorId error-7): ${text}`, stackIn(error)]]);
  });

  it('lets one come back, in a while, of whose question nothing can have come', () => {
    const again = { retry: 'backoff', retryAfterMs: 1_000 } as const;
    expect(answers.ofRepeatable(new Error('secret'), 'subscribe x')).toEqual({
      ...wireError('INTERNAL', { errorId: 'error-7' }),
      ...again,
    });
    expect(answers.ofRepeatable(new CodedError('FORBIDDEN'), 'subscribe x')).toEqual(wireError('FORBIDDEN'));
  });

  it('logs an enhancer with a mistake in it once, with a remedy, and lets its callers come back slowly', () => {
    const guard = { kind: 'guard', name: 'HeaderGuard' } as const;
    const cause = new TypeError('no headers');
    const first = answers.ofRepeatable(new EnhancerFault(guard, cause), 'subscribe x');
    const next = answers.of(new EnhancerFault(guard, new TypeError('no headers')), 'command y', 'not-applied');
    expect(first).toEqual({ ...wireError('INTERNAL', { errorId: 'error-7', retryAfterMs: 30_000 }), retry: 'backoff' });
    expect(next).toEqual(wireError('INTERNAL', { errorId: 'error-7', outcome: 'not-applied' }));
    expect(logged).toHaveLength(1);
    const [text, stack] = logged[0] as [string, string];
    expect(text).toContain('(errorId error-7): guard HeaderGuard');
    expect(text).toContain("if (context.getType() !== 'http')");
    expect(stack).toBe(cause.stack);
  });

  it.each([
    ['an error of its database', new Error('database is away')],
    ['a fetch that failed', new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })],
  ])('logs an enhancer again when it fails with %s, which may pass, once a second', (_, cause) => {
    vi.useFakeTimers();
    const fault = new EnhancerFault({ kind: 'guard', name: 'RightsGuard' }, cause);
    for (const where of ['subscribe x', 'subscribe y', 'subscribe z']) {
      expect(answers.ofRepeatable(fault, where)).toMatchObject({ retry: 'backoff', retryAfterMs: 1_000 });
      if (where === 'subscribe y') vi.advanceTimersByTime(1_000);
    }
    vi.useRealTimers();
    expect(logged).toHaveLength(2);
  });

  it.each([
    ['as it is', (error: Error) => error],
    ['in the error of an ORM', (error: Error) => Object.assign(new Error('x'), { driverError: error })],
    ['in a guard', (error: Error) => new EnhancerFault({ kind: 'guard', name: 'RightsGuard' }, error)],
    ['in a fault of HTTP', (error: Error) => new InternalServerErrorException('no', { cause: error })],
  ])('takes a value that the database does not accept, %s, for the mistake of the client', (_, wrapped) => {
    const warned: unknown[] = [];
    vi.spyOn(Logger.prototype, 'warn').mockImplementation((...entry: unknown[]) => void warned.push(entry));
    const error = Object.assign(new Error('invalid: "s3cret"'), { severity: 'ERROR', code: '22P02', detail: 's3cret' });
    for (let i = 0; i < 100; i++) {
      expect(answers.of(wrapped(error), `subscribe x-${i}`)).toEqual(wireError('VALUE_INVALID'));
      expect(answers.ofRepeatable(wrapped(error), `subscribe x-${i}`)).toEqual(wireError('VALUE_INVALID'));
    }
    expect(logged).toEqual([]);
    expect(warned).toEqual([[expect.stringMatching(/^subscribe x-0 was refused.*\(SQLSTATE 22P02\)/)]]);
  });

  it('says what became of the command', () => {
    expect(answers.of(new CodedError('BUSY'), 'x', 'not-applied')).toEqual({
      ...wireError('BUSY'),
      outcome: 'not-applied',
    });
  });
});
