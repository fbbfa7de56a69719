import { Logger, type LoggerService } from '@nestjs/common';
import { afterEach, expect, it } from 'vitest';
import { CodedError } from './coded-error.js';
import { CrowdLogger } from './log/crowd-logger.js';
import { logError, reasonOf } from './log-error.js';
import { FakeClock } from './testing/fake-clock.js';

const clock = new FakeClock();

afterEach(() => Logger.overrideLogger(['log', 'warn', 'error', 'fatal']));

/** What an application's own logger is called with. */
function loggedBy(work: (logger: CrowdLogger) => void): unknown[][] {
  const calls: unknown[][] = [];
  const own: LoggerService = {
    log: () => {},
    warn: (...args: unknown[]) => void calls.push(['warn', ...args]),
    error: (...args: unknown[]) => void calls.push(args),
  };
  Logger.overrideLogger(own);
  work(new CrowdLogger(clock));
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
  const chain = Array.from({ length: 10 }).reduce<Error>((inner) => new Error('outer', { cause: inner }), loop);
  for (const [error, stacks] of [
    [loop, 1],
    [chain, 5],
  ] as const) {
    const [logged] = loggedBy((logger) => logError(logger, 'x', error));
    expect(String(logged?.[1]).split('Caused by')).toHaveLength(stacks);
  }
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

/** As pg makes them, with everything that must not be told. */
const serverError = (code: string, message: string): Error =>
  Object.assign(new Error(message), {
    name: 'error',
    severity: 'ERROR',
    code,
    detail: 'Key (email)=(s3cret) already exists.',
    where: 'unnamed portal parameter $1 = s3cret',
    internalQuery: "select 's3cret'",
  });

const invalid = serverError('22P02', 'invalid input syntax for type uuid: "s3cret"');
const duplicate = serverError('23505', 'duplicate key value violates unique constraint "user_email"');

it.each([
  ['a data exception', invalid, 'invalid text for its type (SQLSTATE 22P02)'],
  ['one that is seldom', serverError('2203G', 's3cret'), 'data exception (SQLSTATE 2203G)'],
  ['a constraint', duplicate, 'duplicate key value violates unique constraint "user_email" (23505)'],
  [
    'Drizzle',
    ormError('Failed query: insert\nparams: s3cret', { query: 'q', params: ['s3cret'], cause: duplicate }),
    'duplicate key value violates unique constraint "user_email" (23505)',
  ],
  [
    'Drizzle without a server',
    ormError('Failed query\nparams: s3cret', {
      query: 'q',
      params: ['s3cret'],
      cause: new Error('connect ECONNREFUSED'),
    }),
    'connect ECONNREFUSED',
  ],
  [
    'TypeORM',
    ormError('invalid input: "s3cret"', { query: 'q', parameters: ['s3cret'], driverError: invalid }),
    'invalid text for its type (SQLSTATE 22P02)',
  ],
  [
    'Sequelize',
    ormError('s3cret', { sql: 'q', parent: invalid, original: invalid }),
    'invalid text for its type (SQLSTATE 22P02)',
  ],
  [
    'MikroORM',
    Object.assign(serverError('23505', "insert ('s3cret') - duplicate"), { previous: duplicate }),
    'duplicate key value violates unique constraint "user_email" (23505)',
  ],
  ['a statement alone', ormError('s3cret', { sql: 'q' }), 'Error'],
])('tells nothing of the values in an error of %s', (_, error, reason) => {
  expect(reasonOf(error)).toBe(reason);
  const calls = loggedBy((logger) => logError(logger, 'x failed', error));
  expect(calls).toHaveLength(1);
  expect(JSON.stringify(calls)).not.toContain('s3cret');
  expect(String(calls[0]?.[1])).toMatch(/\n {4}at /);
});

it('keeps what the application says around an error of the database', () => {
  expect(reasonOf(new Error('The note was not saved', { cause: duplicate }))).toBe('The note was not saved');
});

function ormError(message: string, fields: object): Error {
  return Object.assign(new Error(message), fields);
}

it.each([
  ['a new line', 'x\nFATAL: forged', String.raw`x\nFATAL: forged`],
  ['a return', 'x\rforged', String.raw`x\rforged`],
  ['a colour', '\u001B[31mred', String.raw`\u001b[31mred`],
  ['a line of another script', 'x\u2028y\u0085z', String.raw`x\u2028y\u0085z`],
  ['text that turns around', '\u202Egnp.exe', String.raw`\u202egnp.exe`],
])('keeps one line of %s in text and stack, and in what is no error', (_, text, line) => {
  const [ofError] = loggedBy((logger) => logError(logger, 'x failed', new Error(`${text}\n    at forged (frame)`)));
  const escaped = String.raw`${line}\n    at forged (frame)`;
  expect(ofError?.[0]).toBe(`x failed: ${escaped}`);
  expect(String(ofError?.[1]).split('\n')[0]).toBe(`Error: ${escaped}`);
  expect(String(ofError?.[1])).not.toContain('\n    at forged');
  expect(loggedBy((logger) => logError(logger, text, text))[0]?.[0]).toBe(`${line}: ${line}`);
  expect(loggedBy((logger) => logger.warn(text))).toEqual([['warn', line, 'Millrace']]);
  expect(loggedBy((logger) => logger.error(text))[0]?.[0]).toBe(line);
});

it('cuts text that would fill the log', () => {
  const [call] = loggedBy((logger) => logError(logger, 'x failed', new Error('y'.repeat(1_000_000))));
  expect(JSON.stringify(call).length).toBeLessThan(12_000);
});

it('writes one error of a class a second, tells its id for the others, and says how many they were', async () => {
  const fail = (name: string): Error => new TypeError(`no ${name}`);
  const ids: string[] = [];
  const calls: unknown[][] = [];
  Logger.overrideLogger({
    log: () => {},
    warn: (...args: unknown[]) => void calls.push(args),
    error: (...args: unknown[]) => void calls.push(args),
  });
  const logger = new CrowdLogger(clock);
  for (let i = 0; i < 1_000; i++) {
    // The names are a client's; where it failed is not.
    ids.push(logError(logger, `subscribe board.${i} failed`, fail(String(i)), `id-${i}`));
  }
  ids.push(logError(logger, 'subscribe board.x failed', new RangeError('far'), 'other'));
  expect(new Set(ids)).toEqual(new Set(['id-0', 'other']));
  expect(calls.map(([text]) => text)).toEqual([
    'subscribe board.0 failed (errorId id-0): no 0',
    'subscribe board.x failed (errorId other): far',
  ]);
  await clock.advance(1_000);
  expect(calls.slice(2)).toEqual([['999 more like errorId id-0 within a second were left out', 'Millrace']]);
  expect(logError(logger, 'subscribe board.y failed', fail('y'), 'next')).toBe('next');
  expect(calls).toHaveLength(4);
});

it('tells a bounded number of classes apart', () => {
  const calls = loggedBy((logger) => {
    for (let i = 0; i < 500; i++) {
      logError(logger, 'command x failed', Object.assign(new Error('no'), { name: `Class${i}` }), `id-${i}`);
    }
  });
  expect(calls).toHaveLength(51);
});
