import { createDatabase } from '../../../../../test/support/fresh-database.js';
import { PgDatabase, type PgTimes } from '../pg/pg-database.js';
import { StreamHarness } from './stream-harness.js';

const defaultTimes: PgTimes = { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 };

/** A new database on the test server, reached in the way of `reach`. */
export async function openPg(reach = (direct: string) => direct, times = defaultTimes): Promise<StreamHarness> {
  const fresh = await createDatabase();
  const database = new PgDatabase({ connectionString: reach(fresh.url) }, times);
  return new StreamHarness(database, async () => {
    await database.stop();
    await fresh.drop();
  });
}
