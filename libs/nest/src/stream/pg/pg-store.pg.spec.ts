import { PgTestDatabase } from '../testing/pg-test-database.js';
import { StreamHarness } from '../testing/stream-harness.js';
import { streamStoreContract } from '../testing/stream-store.contract.js';

streamStoreContract('PostgreSQL', async () => {
  const own = await PgTestDatabase.create(process.env['DATABASE_URL']);
  const database = own.connect();
  return new StreamHarness(database, async () => {
    await database.stop();
    await own.drop();
  });
});
