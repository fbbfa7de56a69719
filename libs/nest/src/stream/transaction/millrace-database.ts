import type { SqlDatabase, SqlRow } from '../sql-database.port.js';
import { DatabaseTransactions } from './database-transactions.js';
import type { Transaction } from './transaction.port.js';
import { TransactionRun } from './transaction-run.js';

/**
 * The database that the stream is in, for tables of your own. On a server, a pool of yours does as well; the embedded
 * database has no other way in.
 *
 * @publicApi
 */
export class MillraceDatabase {
  readonly #transactions: DatabaseTransactions;

  /** @internal */
  constructor(
    private readonly database: SqlDatabase,
    private readonly maxEventsPerTransaction: number,
  ) {
    this.#transactions = new DatabaseTransactions(database);
  }

  /**
   * One statement with parameters, outside any transaction. After a minute without an answer the connection is taken for
   * lost: what takes longer belongs into {@link transaction} or {@link script}.
   */
  query(sql: string, params: readonly unknown[] = []): Promise<readonly SqlRow[]> {
    return this.database.query(sql, params);
  }

  /** Several statements without parameters, for tables and migrations. */
  script(sql: string): Promise<void> {
    return this.database.script(sql);
  }

  /**
   * Runs `work` in a transaction, as a command handler is: what it publishes is stored if and only if the transaction
   * commits. Rolls back when `work` rejects.
   *
   * @throws CodedError `TRANSACTION_IN_DOUBT` when the connection was lost during COMMIT, `TRANSACTION_ABORTED` when the
   * database rolled back, and whatever `work` throws
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const run = new TransactionRun(this.#transactions, this.maxEventsPerTransaction);
    const { ambient } = this.database;
    const around = ambient.current() ?? { cause: {} };
    return run.run((tx, unit) => ambient.run({ ...around, unit }, () => work(tx as Transaction)));
  }
}
