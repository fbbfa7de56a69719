import { PgliteDatabase } from '../stream/pglite/pglite-database.js';
import { TransactionBench } from './testing/transaction-bench.js';
import { nestedTransactionsContract } from './testing/nested-transactions.contract.js';
import { transactionsContract } from './testing/transactions.contract.js';

transactionsContract('PGlite', () => TransactionBench.open(new PgliteDatabase()));
nestedTransactionsContract('PGlite', () => TransactionBench.open(new PgliteDatabase()));
