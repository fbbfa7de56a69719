import { PgliteDatabase } from '../stream/pglite/pglite-database.js';
import { transactionsContract } from './testing/transactions.contract.js';

transactionsContract('PGlite', () => Promise.resolve(new PgliteDatabase()));
