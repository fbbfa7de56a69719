import { Logger } from '@nestjs/common';
import { afterEach, expect, it, vi } from 'vitest';
import { FakeClock } from './core/testing/fake-clock.js';
import { stopSteps } from './stop-steps.js';

afterEach(() => vi.restoreAllMocks());

it('goes on behind a part that hangs and one that fails, and names both', async () => {
  const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  const clock = new FakeClock();
  const order: string[] = [];
  const stopping = stopSteps(clock, [
    ['hub', () => void order.push('hub')],
    ['store', () => new Promise(() => {})],
    ['broker', () => Promise.reject(new Error('gone'))],
    ['database', async () => void order.push('database')],
  ]);
  await vi.waitFor(() => expect(clock.pending).toBe(1));
  await clock.advance(14_999);
  expect(order).toEqual(['hub']);
  await clock.advance(1);
  await stopping;
  expect(order).toEqual(['hub', 'database']);
  expect(logged.mock.calls.map(([text]) => String(text))).toEqual([
    'The store did not stop within 15 s: the application closes without it',
    'The broker did not stop as it should: gone',
  ]);
  expect(clock.pending).toBe(0);
});
