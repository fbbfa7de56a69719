import { Logger } from '@nestjs/common';
import { afterEach, expect, it, vi } from 'vitest';
import { BootError } from '../../core/boot-error.js';
import type { SqlExecutor, SqlRow } from '../sql-database.port.js';
import { checkServer } from './server-check.js';

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

it.each([
  [{ version: 140_010 }, 'PostgreSQL 15'],
  [{ isolation: 'repeatable read' }, 'default_transaction_isolation'],
])('refuses a server with %o', async (settings, text) => {
  await expect(checkServer(server(settings))).rejects.toThrow(BootError);
  await expect(checkServer(server(settings))).rejects.toThrow(text);
});

it('warns of a server that forgets commits, and not of the embedded one', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  await checkServer(server({}));
  await checkServer(server({ fsync: 'off', embedded: true }));
  expect(warn).not.toHaveBeenCalled();
  await checkServer(server({ fsync: 'off', synchronous_commit: 'off' }));
  expect(warn).toHaveBeenCalledTimes(2);
});
