import { Logger } from '@nestjs/common';
import { afterEach, expect, it, vi } from 'vitest';
import { BootError } from '../../core/boot-error.js';
import { CodedError } from '../../core/coded-error.js';
import type { SqlExecutor, SqlRow } from '../sql-database.port.js';
import { defaultStreamOptions } from '../stream.options.js';
import { checkOptions, checkServer } from './boot-checks.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const healthy = {
  version: 150_018,
  isolation: 'read committed',
  fsync: 'on',
  synchronous_commit: 'on',
  embedded: false,
};
const server = (settings: SqlRow): SqlExecutor => ({ query: async () => [{ ...healthy, ...settings }] });

it('takes the defaults', () => {
  expect(() => checkOptions(defaultStreamOptions)).not.toThrow();
});

it.each([
  [{ schema: 'a"; drop' }, 'schema'],
  [{ schema: 'Upper' }, 'schema'],
  [{ maxEventBytes: 1_048_577 }, 'maxEventBytes'],
  [{ retentionMs: 59_999 }, 'retentionMs'],
  [{ retentionMs: 1e15 }, 'retentionMs'],
  [{ channelRetentionMs: { desk: 1e15 } }, 'desk'],
  [{ partitionsAheadDays: 1 }, 'partitionsAheadDays'],
  [{ passMaxEvents: 0 }, 'passMaxEvents'],
  [{ maxWaitingPublishes: 1.5 }, 'maxWaitingPublishes'],
  [{ channelRetentionMs: { 'desk.*': 60_000 } }, 'desk.*'],
  [{ channelRetentionMs: { desk: 1 } }, 'desk'],
])('refuses %o and names the option', (wrong, name) => {
  const check = (): void => checkOptions({ ...defaultStreamOptions, ...wrong });
  expect(check).toThrow(BootError);
  expect(check).toThrow(name);
});

it.each([
  [{ version: 140_010 }, 'PostgreSQL 15'],
  [{ isolation: 'repeatable read' }, 'default_transaction_isolation'],
])('refuses a server with %o', async (settings, text) => {
  await expect(checkServer(server(settings))).rejects.toThrow(BootError);
  await expect(checkServer(server(settings))).rejects.toThrow(text);
});

it('says what to check when the server cannot be reached', async () => {
  const cause = new CodedError('STREAM_UNAVAILABLE', {}, { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') });
  const checked = checkServer({ query: () => Promise.reject(cause) });
  await expect(checked).rejects.toThrow(BootError);
  await expect(checked).rejects.toThrow('ECONNREFUSED');
});

it('warns of a server that forgets commits, and not of the embedded one', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  await checkServer(server({}));
  await checkServer(server({ fsync: 'off', embedded: true }));
  expect(warn).not.toHaveBeenCalled();
  await checkServer(server({ fsync: 'off', synchronous_commit: 'off' }));
  expect(warn).toHaveBeenCalledTimes(2);
});
