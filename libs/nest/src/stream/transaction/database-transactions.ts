import type { SqlDatabase, SqlExecutor } from '../sql-database.port.js';
import { LazyTransaction } from './lazy-transaction.js';
import type { TransactionPort } from './transaction.port.js';

/** Transactions on Millrace's own connections. */
export class DatabaseTransactions implements TransactionPort<LazyTransaction> {
  constructor(private readonly database: SqlDatabase) {}

  async run<T>(work: (handle: LazyTransaction) => Promise<T>, timeoutMs?: number): Promise<T> {
    const transaction = new LazyTransaction(this.database, timeoutMs);
    let result: T;
    try {
      result = await work(transaction);
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
    const committing = transaction.commit();
    if (committing) await committing;
    return result;
  }

  executor(handle: LazyTransaction): SqlExecutor {
    return handle.direct;
  }

  close(handle: LazyTransaction): Promise<unknown> | undefined {
    return handle.close();
  }
}
