import { BootError } from '../../core/boot-error.js';
import type { SqlExecutor } from '../sql-database.port.js';
import { LineLogger } from '../../core/log/line-logger.js';

const MIN_SERVER_VERSION = 150_000;

const READ_SETTINGS = `select current_setting('server_version_num')::int as version,
  current_setting('default_transaction_isolation') as isolation, current_setting('fsync') as fsync,
  current_setting('synchronous_commit') as synchronous_commit, version() like '%emscripten%' as embedded`;

/** @throws BootError for a server that Millrace cannot work with, and what the database says when it is away */
export async function checkServer(executor: SqlExecutor): Promise<void> {
  const [row] = await executor.query(READ_SETTINGS, []);
  if (Number(row?.['version']) < MIN_SERVER_VERSION) throw new BootError('Millrace needs PostgreSQL 15 or newer');
  if (row?.['isolation'] !== 'read committed') {
    throw new BootError(
      'Millrace needs READ COMMITTED: set default_transaction_isolation to `read committed` for its role or database',
    );
  }
  if (row['embedded'] === true) return;
  for (const name of ['fsync', 'synchronous_commit'] as const) {
    if (row[name] !== 'off') continue;
    new LineLogger().warn(`${name} is off in PostgreSQL: events that were acknowledged can be lost in a crash`);
  }
}
