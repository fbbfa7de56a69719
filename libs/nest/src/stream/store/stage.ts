import { isOwnChannel } from '../../core/own-channels.js';
import type { NewEvent } from '../../core/stream-event.js';
import type { SqlExecutor } from '../sql-database.port.js';
import type { Staged } from '../stream-store.port.js';

/**
 * Every parameter is cast, and an executor that returns no rows does as well: so it runs through every ORM's way of raw
 * SQL. A row of a savepoint carries the number of that, not of the transaction.
 */
export async function insertStaged(executor: SqlExecutor, schema: string, event: NewEvent): Promise<Staged> {
  const { channel, id, type, data, key } = event;
  const [row] = await executor.query(
    `insert into ${schema}.outbox (channel, id, type, data, cause, key)
values ($1::text, $2::text, $3::text, $4::text, $5::text::jsonb, $6::text)
returning xmin <> pg_current_xact_id()::xid as is_nested`,
    [channel, id, type, data, causeOf(event), key ?? null],
  );
  return row?.['is_nested'] === true ? 'nested' : 'staged';
}

/** The table takes an event of a channel of Millrace's own only with a cause, which others may not write. */
function causeOf({ channel, cause }: NewEvent): string | null {
  if (cause) return JSON.stringify(cause);
  return isOwnChannel(channel) ? '{}' : null;
}

/** Which of these events the transaction still has. */
export async function selectStaged(
  executor: SqlExecutor,
  schema: string,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await executor.query(`select id from ${schema}.outbox where id = any($1::text[])`, [ids]);
  return new Set(rows.map(({ id }) => String(id)));
}
