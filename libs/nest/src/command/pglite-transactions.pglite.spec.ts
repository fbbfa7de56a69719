import { PgliteDatabase } from '../stream/pglite/pglite-database.js';
import { TransactionBench } from './testing/transaction-bench.js';
import { transactionsContract } from './testing/transactions.contract.js';

transactionsContract('PGlite', () => TransactionBench.open(new PgliteDatabase()));
