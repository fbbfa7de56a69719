import type { SqlDatabase, SqlRow } from '../sql-database.port.js';
import type { UnitOfWork } from './unit-of-work.js';
import { DatabaseTransactions } from './database-transactions.js';
import { RoutedHandle } from './routed-handle.js';
import { systemClock } from '../../core/clock.js';
import { LostWork } from '../lost-work.js';
import type { Transaction } from './transaction.port.js';
import { TransactionRun } from './transaction-run.js';

const NAME = 'MillraceDatabase.transaction()';

/**
 * The database that the stream is in, for tables of your own. On a server, a pool of yours does as well; the embedded
 * database has no other way in.
 *
 * Inside a command handler, or inside {@link transaction}, all of it joins the transaction that is open there, as
 * `publish` does. In guards, policies, handlers with `transaction: false` and `detached()` nothing is open.
 *
 * @publicApi
 */
export class MillraceDatabase {
  readonly #transactions: DatabaseTransactions;
  readonly #lost = new LostWork(systemClock);

  /** @internal */
  constructor(
    private readonly database: SqlDatabase,
    private readonly maxEventsPerTransaction: number,
  ) {
    this.#transactions = new DatabaseTransactions(database);
  }

  /**
   * One statement with parameters, in the transaction that is open around it. Elsewhere it commits by itself, and after a
   * minute without an answer the connection is taken for lost: what takes longer belongs into {@link transaction} or
   * {@link script}.
   *
   * @throws CodedError `TRANSACTION_ENDED` after the end of the handler that it was called in
   */
  async query(sql: string, params: readonly unknown[] = []): Promise<readonly SqlRow[]> {
    return (this.#unit('query') ?? this.database).query(sql, params);
  }

  /**
   * Several statements without parameters, for tables and migrations; in the transaction that is open around them.
   *
   * @throws CodedError `TRANSACTION_ENDED` after the end of the handler that it was called in
   */
  async script(sql: string): Promise<void> {
    await (this.#unit('script') ?? this.database).script(sql);
  }

  /**
   * Runs `work` in a transaction, as a command handler is: what it publishes is stored if and only if the transaction
   * commits. Rolls back when `work` rejects.
   *
   * Inside another one it is a savepoint: when `work` rejects, only what it did is taken back, and all of it is committed
   * with the outer one, or not at all. Several that are begun side by side there run one after the other.
   *
   * @throws CodedError `TRANSACTION_IN_DOUBT` when the connection was lost during COMMIT, `TRANSACTION_ABORTED` when the
   * database rolled back, `TRANSACTION_ENDED` after the end of the handler that it was called in, and whatever `work`
   * throws
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { ambient } = this.database;
    const around = ambient.current() ?? { cause: {} };
    const inUnit = (tx: Transaction, unit: UnitOfWork): Promise<T> =>
      ambient.run({ ...around, unit }, async () => work(tx));
    const outer = this.#unit('transaction');
    if (outer) return outer.nest((unit) => new RoutedHandle(ambient, unit), inUnit);
    const run = new TransactionRun(this.#transactions, this.maxEventsPerTransaction, NAME);
    return run.run((tx, unit) => inUnit(tx as Transaction, unit));
  }

  /** The transaction that the running code is in. One that has ended is still its own, and refuses. */
  #unit(method: string): UnitOfWork | undefined {
    const unit = this.database.ambient.current()?.unit;
    if (unit && !unit.isOpen) {
      this.#lost.lost(unit.name, { kind: method, work: `A call of MillraceDatabase.${method}()` });
    }
    return unit;
  }
}
