import type { NewEvent } from '../../core/stream-event.js';
import type { SqlExecutor } from '../sql-database.port.js';

/** Every parameter is cast and nothing is returned: so it runs through every ORM's way of raw SQL. */
export async function insertStaged(executor: SqlExecutor, schema: string, event: NewEvent): Promise<void> {
  const { channel, id, type, data, cause, key } = event;
  await executor.query(
    `insert into ${schema}.outbox (channel, id, type, data, cause, key)
values ($1::text, $2::text, $3::text, $4::text, $5::text::jsonb, $6::text)`,
    [channel, id, type, data, cause ? JSON.stringify(cause) : null, key ?? null],
  );
}
