import type { ExecutionContext } from '@nestjs/common';
import { expect, it } from 'vitest';
import { sessionOf } from './session-of.js';

class ReportController {}

const execution = (type: string, context: unknown): ExecutionContext =>
  ({ getType: () => type, getArgByIndex: () => context, getClass: () => ReportController }) as never;

it('is the session behind a command or a channel', () => {
  const session = { id: 'one' };
  expect(sessionOf(execution('ws', { session }))).toBe(session);
});

it.each([
  ['a request, whose third argument is a function', 'http', Object.assign(() => {}, { session: {} })],
  ['a gateway of the application, whose third argument is its own', 'ws', 'note'],
  ['a gateway without a third argument', 'ws', undefined],
])('is not there for %s', (_what, type, context) => {
  expect(() => sessionOf(execution(type, context))).toThrow(/ReportController is reached by no session/);
});
