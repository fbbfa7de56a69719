import type { SqlExecutor } from '../sql-database.port.js';

/**
 * Opens the transaction that a command handler runs in. `Handle` is what `@Tx()` gives: Millrace's own
 * {@link Transaction} by default, or the transaction object of the application's ORM, so that its writes and the
 * events it publishes commit together.
 *
 * @publicApi
 */
export interface TransactionPort<Handle = unknown> {
  /**
   * Commits when `work` resolves, rolls back when it rejects, and settles only after that has happened. It may call
   * `work` again after a roll-back, with another handle.
   *
   * After `timeoutMs`, where it is given, nobody waits for the outcome any more: the server can be told to end what still
   * runs or holds locks by then, on behalf of a node that cannot.
   */
  run<T>(work: (handle: Handle) => Promise<T>, timeoutMs?: number): Promise<T>;
  /** How to run one parameterised statement with a handle. */
  executor(handle: Handle): SqlExecutor;
  /**
   * The handler has ended, COMMIT or roll-back comes next: the handle takes no new statement from now on. Resolves when
   * the statements in flight are done; `undefined` says that there are none. An ORM whose handle refuses by itself after the end can go without; publishes
   * are refused anyway.
   */
  close?(handle: Handle): Promise<unknown> | undefined;
}

/**
 * The default handle of `@Tx()`. The connection is taken at the first query, so a command that touches no table costs
 * none. After the handler's end every use throws `TRANSACTION_ENDED`.
 *
 * @publicApi
 */
export type Transaction = SqlExecutor;
