import { PgliteDatabase } from './pglite-database.js';
import { StreamHarness } from '../testing/stream-harness.js';
import { streamStoreContract } from '../testing/stream-store.contract.js';

streamStoreContract('PGlite', async () => {
  const database = new PgliteDatabase();
  return new StreamHarness(database, () => database.stop());
});
