import { wireError } from '@millrace/protocol';
import { expect, it, vi } from 'vitest';
import { RealtimeError } from './index.js';

it('is known by the class of another copy of the package, as the two builds in one program are', async () => {
  vi.resetModules();
  const other = (await import('./realtime-error.js')).RealtimeError;
  expect(other).not.toBe(RealtimeError);
  const error = new RealtimeError(wireError('BUSY'));
  expect(error).toBeInstanceOf(other);
  expect(new other(wireError('BUSY'))).toBeInstanceOf(RealtimeError);
  expect(Object.keys(error)).not.toContain('Symbol(millrace.RealtimeError)');
});

it('tells its own subclasses apart, and is nothing else', () => {
  class Mine extends RealtimeError {}
  const mine = new Mine(wireError('BUSY'));
  expect([mine instanceof Mine, mine instanceof RealtimeError, mine instanceof Error]).toEqual([true, true, true]);
  expect(new RealtimeError(wireError('BUSY'))).not.toBeInstanceOf(Mine);
  for (const other of [undefined, null, 'text', {}, new Error('other')])
    expect(other).not.toBeInstanceOf(RealtimeError);
});
