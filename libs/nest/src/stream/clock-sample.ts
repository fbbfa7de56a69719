import type { DatabaseClock } from '../core/database-clock.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { SqlRow } from './sql-database.port.js';
import { clockSkew } from './stream.metrics.js';

export interface ClockSampleParts {
  readonly databaseClock?: DatabaseClock;
  readonly recorder: Recorder;
}

/** What a statement selects whose round trip is a sample of the database's clock. */
export const DATABASE_MS = '(extract(epoch from clock_timestamp()) * 1000)::float8 as database_ms';

/** The rows of a statement that selects `DATABASE_MS`, from which the clock learns on the way. */
export async function sampled(
  { databaseClock, recorder }: ClockSampleParts,
  query: () => Promise<readonly SqlRow[]>,
): Promise<readonly SqlRow[]> {
  if (!databaseClock) return query();
  const sentAt = databaseClock.monotonic();
  const rows = await query();
  const receivedAt = databaseClock.monotonic();
  databaseClock.learn({ databaseMs: Number(rows[0]?.['database_ms']), sentAt, receivedAt });
  recorder.set(clockSkew, {}, (databaseClock.skewMs ?? 0) / 1_000);
  return rows;
}
