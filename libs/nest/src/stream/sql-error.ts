import { isServerError, sqlState } from '../core/database-error.js';

export { causesOf, sqlState } from '../core/database-error.js';

/** Whether nobody can tell what became of the statement: the connection went, or the server cut it. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return error instanceof Error && !(error instanceof TypeError);
  return state.startsWith('08') || state.startsWith('57P') || state === '40003';
}

/**
 * Whether the server behind this connection cannot do the work now, and another one, or the same one later, can: it is
 * the standby of a failover, it is out of disk, memory or connections, it starts or stops.
 */
export function isUnfit(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && ['25006', '53', '57P', '58'].some((family) => state.startsWith(family));
}

/** Whether the server rolled back because of others: the same work may succeed when it is done again. */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}

/** No partition for the time of an event. It has the SQLSTATE of a CHECK, and no constraint to go with it. */
export function isPartitionMissing(error: unknown): boolean {
  return isServerError(error) && error.code === '23514' && !error.constraint;
}

/**
 * Whether one row is to blame, so that its neighbours would succeed without it. Everything else (a full disk, a
 * missing partition, a lock) would condemn every row that comes by.
 */
export function isBadRow(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined || isPartitionMissing(error)) return false;
  return ['22', '23', '54', 'P0001'].some((family) => state.startsWith(family));
}
