import type { PgSource } from './pg-database.js';

/** How many connections each kind of work may have at once; the pass has one. */
export interface ConnectionShares {
  /** Transactions of commands, statements of policies and of the application. */
  readonly work: number;
  /** Reads of the log. */
  readonly reads: number;
}

const DEFAULT_MAX_CONNECTIONS = 10;
const READ_CONNECTIONS = 4;
/** The default of `pg`. */
const DEFAULT_POOL_SIZE = 10;

/** Pools of Millrace's own add up; one of the application is divided. */
export function connectionShares(source: PgSource): ConnectionShares {
  if (!('pool' in source)) return { work: source.maxConnections ?? DEFAULT_MAX_CONNECTIONS, reads: READ_CONNECTIONS };
  const beside = (source.pool.options?.max ?? DEFAULT_POOL_SIZE) - 1;
  const reads = Math.min(READ_CONNECTIONS, Math.max(1, Math.floor(beside / 3)));
  return { work: Math.max(1, beside - reads), reads };
}
