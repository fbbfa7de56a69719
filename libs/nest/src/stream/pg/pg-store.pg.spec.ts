import { createDatabase } from '../../../../../test/support/fresh-database.js';
import { StreamHarness } from '../testing/stream-harness.js';
import { streamStoreContract } from '../testing/stream-store.contract.js';
import { PgDatabase } from './pg-database.js';

streamStoreContract('PostgreSQL', async () => {
  const fresh = await createDatabase();
  const database = new PgDatabase({ connectionString: fresh.url }, { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 });
  return new StreamHarness(database, async () => {
    await database.stop();
    await fresh.drop();
  });
});
