import type { AmbientScope } from './transaction/ambient.js';

/**
 * Anything that runs one parameterised statement: a pool, a connection, a transaction, somebody's ORM.
 *
 * @publicApi
 */
export interface SqlExecutor {
  /** Runs one statement with `$1`, `$2` … and returns its rows. */
  query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]>;
}

/**
 * `int8` is a number where that is exact and a bigint beyond; `json` and `jsonb` are parsed. Booleans, numbers, text and
 * JSON come out so whatever `pg.types` says, everything else as it says. What a client of `fromPg()` reads is all the
 * application's own.
 *
 * @publicApi
 */
export type SqlRow = Readonly<Record<string, unknown>>;

/** One open transaction on a connection of its own. After `commit` or `rollback` the handle is dead. */
export interface SqlTransaction extends SqlExecutor {
  /** Several statements without parameters. */
  script(sql: string): Promise<void>;
  /**
   * @throws CodedError TRANSACTION_IN_DOUBT when the connection was lost meanwhile, or a statement had ended the
   * transaction; TRANSACTION_ABORTED when the database rolled back; the server's own error where a constraint refused
   */
  commit(): Promise<void>;
  /** Never throws: a connection that cannot roll back is destroyed, which rolls back too. */
  rollback(): Promise<void>;
}

/** A PostgreSQL, over the network or embedded. Implemented by `pg/` and `pglite/`. */
export interface SqlDatabase extends SqlExecutor {
  /** Which of its transactions the running code is in. */
  readonly ambient: AmbientScope;
  /**
   * After `timeoutMs` the server ends a statement that still runs, and a transaction that waits for one; not on PGlite.
   * When `signal` aborts, a connection is no longer waited for.
   *
   * @throws CodedError `BUSY` when no connection was free for too long
   */
  begin(timeoutMs?: number, signal?: AbortSignal): Promise<SqlTransaction>;
  /** Runs statements in autocommit on the one connection that is kept for the pass; never part of a transaction. */
  readonly pass: SqlExecutor;
  /** Reads that the server gives up after a while, where it can; each statement in a transaction of its own. */
  readonly reader: SqlExecutor;
  /** Several statements without parameters, for migrations. */
  script(sql: string): Promise<void>;
  stop(): Promise<void>;
}
