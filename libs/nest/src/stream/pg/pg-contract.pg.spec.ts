import { afterAll } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../../test/support/fresh-database.js';
import { sqlDatabaseContract } from '../testing/sql-database.contract.js';
import { PgDatabase } from './pg-database.js';

let fresh: FreshDatabase | undefined;
afterAll(() => fresh?.drop());

sqlDatabaseContract('PostgreSQL', async () => {
  fresh = await createDatabase();
  return new PgDatabase({ connectionString: fresh.url }, { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 });
});
