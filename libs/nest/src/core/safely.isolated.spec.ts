import { expect, it, vi } from 'vitest';
import { LastCatch, safely } from './safely.js';
import { systemClock } from './clock.js';
import { nextTick } from './tick.js';
import { Logger } from '@nestjs/common';

it('what a callback throws is logged once a second for each place, with a count of the rest', () => {
  let now = 0;
  const error = vi.fn<(text: string) => void>();
  const last = new LastCatch({ error }, () => now);
  for (let time = 0; time < 5; time++) last.caught('A timer', new Error('no'));
  last.caught('A listener', new Error('no'));
  now = 1_000;
  last.caught('A timer', 'text');
  expect(error.mock.calls.map(([text]) => text)).toEqual([
    'A timer failed: no',
    'A listener failed: no',
    'A timer failed (and 4 times more before): text',
  ]);
});

it('a logger that throws does no harm', () => {
  const error = () => {
    throw new Error('disk full');
  };
  new LastCatch({ error }, () => 0).caught('A timer', new Error('no'));
});

it('neither a timer, nor a tick, nor a rejected promise of theirs ends the process', async () => {
  const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  const fail = (): void => {
    throw new Error('no');
  };
  const failLater = safely('A listener', () => Promise.reject(new Error('later')));
  systemClock.after(0, fail);
  nextTick(fail);
  failLater();
  await vi.waitFor(() => expect(logged).toHaveBeenCalledTimes(3));
  logged.mockRestore();
});
