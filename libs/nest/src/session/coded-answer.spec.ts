import {
  BadRequestException,
  ForbiddenException,
  HttpException,
  InternalServerErrorException,
  Logger,
  UnauthorizedException,
} from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wireError } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { CodedAnswer } from './coded-answer.js';
import { WireRefusal } from './wire-refusal.js';

const answers = new CodedAnswer({ next: () => 'error-7' });
let logged: unknown[];

beforeEach(() => {
  logged = [];
  vi.spyOn(Logger.prototype, 'error').mockImplementation((...entry: unknown[]) => void logged.push(entry));
});
afterEach(() => vi.restoreAllMocks());

const stackIn = (error: unknown) => (error instanceof Error ? error.stack : undefined);
const rejected = (message: string) => ({ ...wireError('REJECTED'), message });

describe('CodedAnswer', () => {
  it.each([
    ['a coded error', new CodedError('BUSY', { retryAfterMs: 5 }), wireError('BUSY', { retryAfterMs: 5 })],
    ['a refusal that is ready', new WireRefusal(wireError('FORBIDDEN')), wireError('FORBIDDEN')],
    ['a WsException', new WsException('Desk closed'), rejected('Desk closed')],
    ['a 400', new BadRequestException('No such gate'), rejected('No such gate')],
    ['a 401', new UnauthorizedException('inner'), wireError('UNAUTHENTICATED')],
    ['a 403', new ForbiddenException('inner'), wireError('FORBIDDEN')],
    ['a 429', new HttpException('inner', 429), wireError('RATE_LIMITED')],
  ])('gives %s on, and logs nothing', (_, error, wire) => {
    expect(answers.of(error, 'here')).toEqual(wire);
    expect(logged).toEqual([]);
  });

  it.each([
    ['a 500', new InternalServerErrorException('secret'), 'secret'],
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

  it('says what became of the command', () => {
    expect(answers.of(new CodedError('BUSY'), 'x', 'not-applied')).toEqual({
      ...wireError('BUSY'),
      outcome: 'not-applied',
    });
  });
});
