import { throughPgBouncer } from '../../../../../test/support/pgbouncer.js';
import { openPg } from '../testing/open-pg.js';
import { streamStoreContract } from '../testing/stream-store.contract.js';

streamStoreContract('PostgreSQL behind PgBouncer', () => openPg(throughPgBouncer));
