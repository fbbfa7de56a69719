import { Logger, type LoggerService } from '@nestjs/common';
import { afterEach, expect, it } from 'vitest';
import { CodedError } from './coded-error.js';
import { logError, reasonOf } from './log-error.js';

afterEach(() => Logger.overrideLogger(['log', 'warn', 'error', 'fatal']));

/** What an application's own logger is called with. */
function loggedBy(work: (logger: Logger) => void): unknown[][] {
  const calls: unknown[][] = [];
  const own: LoggerService = {
    log: () => {},
    warn: () => {},
    error: (...args: unknown[]) => void calls.push(args),
  };
  Logger.overrideLogger(own);
  work(new Logger('Millrace'));
  return calls;
}

it("gives an application's logger text, stack and context, as Nest documents", () => {
  const error = new TypeError('no such desk');
  const [call] = loggedBy((logger) => logError(logger, 'command x failed', error));
  expect(call).toEqual(['command x failed: no such desk', error.stack, 'Millrace']);
  expect(error.stack).toMatch(/\n\s+at /);
});

it('has the stack of every cause, and of no more than five', () => {
  const cause = new Error('connection refused');
  const [call] = loggedBy((logger) => logError(logger, 'x', new CodedError('STREAM_UNAVAILABLE', {}, { cause })));
  expect(call?.[1]).toContain(`\nCaused by: ${cause.stack}`);
  const loop: Error = new Error('loop');
  loop.cause = loop;
  const [second] = loggedBy((logger) => logError(logger, 'x', loop));
  expect(String(second?.[1]).split('Caused by')).toHaveLength(5);
});

it.each([
  ['text', 'gone', 'gone'],
  ['nothing', undefined, 'undefined'],
  ['an object', { code: 7 }, '{"code":7}'],
  ['a symbol', Symbol('x'), 'Symbol(x)'],
  ['an error with a code', Object.assign(new Error('duplicate key'), { code: '23505' }), 'duplicate key (23505)'],
  [
    'an error that names its code',
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    'connect ECONNREFUSED',
  ],
  [
    'errors of several addresses',
    new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')]),
    '::1 refused; 127.0.0.1 refused',
  ],
  ['an error without a message', new RangeError(), 'RangeError'],
])('says in one line what %s says', (_, error, reason) => {
  expect(reasonOf(error)).toBe(reason);
});

it('has no stack for what has none', () => {
  expect(loggedBy((logger) => logError(logger, 'x', 'gone'))).toEqual([['x: gone', undefined, 'Millrace']]);
});
