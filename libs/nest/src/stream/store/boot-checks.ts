import { Logger } from '@nestjs/common';
import { isChannelName } from '@millrace/protocol';
import { BootError } from '../../core/boot-error.js';
import { isSchemaName } from '../migrations/migration.js';
import type { SqlExecutor, SqlRow } from '../sql-database.port.js';
import type { StreamOptions } from '../stream.options.js';

const MIN_SERVER_VERSION = 150_000;
/** What the CHECK of the tables allows. */
const MAX_EVENT_BYTES = 1_048_576;
const MIN_RETENTION_MS = 60_000;
/** A century; the database knows no date before 4713 BC, and care counts from one. */
const MAX_RETENTION_MS = 36_525 * 86_400_000;

const RETENTIONS = `the least is ${MIN_RETENTION_MS}, the most ${MAX_RETENTION_MS}, a century`;

const isRetention = (ms: number): boolean => ms >= MIN_RETENTION_MS && ms <= MAX_RETENTION_MS;

/** @throws BootError */
export function checkOptions(options: StreamOptions): void {
  const demand = (holds: boolean, text: string): void => {
    if (!holds) throw new BootError(`stream.${text}`);
  };
  const { schema, maxEventBytes, retentionMs, channelRetentionMs, partitionsAheadDays } = options;
  demand(isSchemaName(schema), `schema is "${schema}"; use a–z, 0–9 and _, 40 characters at most`);
  demand(maxEventBytes <= MAX_EVENT_BYTES, `maxEventBytes is ${maxEventBytes}; the most is ${MAX_EVENT_BYTES}`);
  demand(isRetention(retentionMs), `retentionMs is ${retentionMs}; ${RETENTIONS}`);
  demand(partitionsAheadDays >= 2, `partitionsAheadDays is ${partitionsAheadDays}; the least is 2`);
  for (const name of ['maxEventsPerTransaction', 'maxWaitingPublishes', 'passMaxEvents', 'passMaxBytes'] as const) {
    demand(Number.isInteger(options[name]) && options[name] >= 1, `${name} is ${options[name]}; the least is 1`);
  }
  for (const [pattern, ownMs] of Object.entries(channelRetentionMs)) {
    demand(
      isChannelName(pattern.replaceAll(':', '')),
      `channelRetentionMs has "${pattern}", which is no channel pattern`,
    );
    demand(isRetention(ownMs), `channelRetentionMs of "${pattern}" is ${ownMs}; ${RETENTIONS}`);
  }
}

/** @throws BootError */
export async function checkServer(executor: SqlExecutor): Promise<void> {
  const row = await settingsOf(executor);
  if (Number(row?.['version']) < MIN_SERVER_VERSION) throw new BootError('Millrace needs PostgreSQL 15 or newer');
  if (row?.['isolation'] !== 'read committed') {
    throw new BootError(
      'Millrace needs READ COMMITTED: set default_transaction_isolation to `read committed` for its role or database',
    );
  }
  if (row['embedded'] === true) return;
  for (const name of ['fsync', 'synchronous_commit'] as const) {
    if (row[name] !== 'off') continue;
    new Logger('Millrace').warn(`${name} is off in PostgreSQL: events that were acknowledged can be lost in a crash`);
  }
}

async function settingsOf(executor: SqlExecutor): Promise<SqlRow | undefined> {
  try {
    const [row] = await executor.query(
      `select current_setting('server_version_num')::int as version,
  current_setting('default_transaction_isolation') as isolation, current_setting('fsync') as fsync,
  current_setting('synchronous_commit') as synchronous_commit, version() like '%emscripten%' as embedded`,
      [],
    );
    return row;
  } catch (error) {
    if (error instanceof BootError) throw error;
    const { cause } = error as { readonly cause?: unknown };
    const reason = cause instanceof Error ? cause.message : String(error);
    throw new BootError(`The database of the stream cannot be used (${reason}): check \`postgres\` in the options`, {
      cause: error,
    });
  }
}
