import { openPg } from '../testing/open-pg.js';
import { streamStoreContract } from '../testing/stream-store.contract.js';

streamStoreContract('PostgreSQL', () => openPg());
