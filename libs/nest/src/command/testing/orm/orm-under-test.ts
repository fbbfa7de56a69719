import type { SqlExecutor, SqlRow } from '../../../stream/sql-database.port.js';
import type { TransactionPort } from '../../../stream/transaction/transaction.port.js';
import type { TransactionBench } from '../transaction-bench.js';

/** A port for the transactions of an ORM, and that ORM's own ways to do what a handler does. */
export interface OrmUnderTest<Handle = unknown> {
  readonly transactions: TransactionPort<Handle>;
  /** How long the server lets a statement of a command run that may take 10 s, as it says it. */
  readonly statementTimeout: string;
  query(handle: Handle, sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]>;
  /** Every way to build an INSERT of `text` now and to run it later. */
  build(handle: Handle, text: string): readonly (() => Promise<unknown>)[];
  /** Runs `work` after a savepoint, and goes back to it when that rejects. */
  withSavepoint(handle: Handle, work: (inner: SqlExecutor) => Promise<void>): Promise<void>;
  /** Rows one by one, where the ORM has streams. */
  stream?(handle: Handle, sql: string): AsyncIterable<unknown>;
  /** A transaction that a service opens for itself. */
  besides(work: (tx: SqlExecutor) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** On a pool of so many connections. */
export type OpenOrm = (url: string, maxConnections: number) => OrmUnderTest;

/** An ORM, and commands in its transactions. */
export interface OpenedOrm {
  readonly bench: TransactionBench;
  readonly orm: OrmUnderTest;
}
