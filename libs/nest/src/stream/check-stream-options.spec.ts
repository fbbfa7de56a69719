import { expect, it } from 'vitest';
import { BootError } from '../core/boot-error.js';
import { checkStreamOptions } from './check-stream-options.js';
import { defaultStreamOptions } from './stream.options.js';

it('takes the defaults', () => {
  expect(() => checkStreamOptions(defaultStreamOptions)).not.toThrow();
});

it.each([
  [{ schema: 'a"; drop' }, 'schema'],
  [{ schema: 'Upper' }, 'schema'],
  [{ schema: 'public' }, 'schema'],
  [{ schema: 'information_schema' }, 'schema'],
  [{ schema: 'pg_catalog' }, 'schema'],
  [{ schema: 'pg_temp' }, 'schema'],
  [{ maxEventBytes: 1_048_577 }, 'maxEventBytes'],
  [{ retentionMs: 59_999 }, 'retentionMs'],
  [{ maxClockSkewMs: 999 }, 'maxClockSkewMs'],
  [{ retentionMs: 1e15 }, 'retentionMs'],
  [{ channelRetentionMs: { desk: 1e15 } }, 'desk'],
  [{ partitionsAheadDays: 1 }, 'partitionsAheadDays'],
  [{ pollIntervalMs: 1_001 }, 'pollIntervalMs'],
  [{ passMaxEvents: 0 }, 'passMaxEvents'],
  [{ maxWaitingPublishes: 1.5 }, 'maxWaitingPublishes'],
  [{ channelRetentionMs: { 'desk.*': 60_000 } }, 'desk.*'],
  [{ channelRetentionMs: { desk: 1 } }, 'desk'],
])('refuses %o and names the option', (wrong, name) => {
  const check = (): void => checkStreamOptions({ ...defaultStreamOptions, ...wrong });
  expect(check).toThrow(BootError);
  expect(check).toThrow(name);
});
