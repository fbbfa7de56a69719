import type { CommandOutcome } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { causesOf, isBadRow, isConnectionLost, sqlState } from './sql-error.js';

/** The database cannot be reached or did not answer; `outcome` when something may have come of it all the same. */
export function unavailable(cause: unknown, outcome?: CommandOutcome): CodedError {
  return new CodedError('STREAM_UNAVAILABLE', outcome ? { outcome } : {}, { cause });
}

/** The database rolled back. */
export function aborted(cause?: unknown): CodedError {
  return new CodedError('TRANSACTION_ABORTED', {}, { cause });
}

/** Whether it was committed, nobody can tell. */
export function inDoubt(cause: unknown): CodedError {
  return new CodedError('TRANSACTION_IN_DOUBT', {}, { cause });
}

/** What a COMMIT that failed with `error` came to. Only a refusal by the server proves that nothing was committed. */
export function failureOfCommit(error: unknown): unknown {
  if (error instanceof CodedError) return error;
  const refusal = causesOf(error).find((cause) => sqlState(cause) !== undefined && !isConnectionLost(cause));
  if (refusal === undefined) return inDoubt(error);
  // A constraint that waited for COMMIT would refuse it again: an error as if its statement had failed.
  return isBadRow(refusal) ? error : aborted(error);
}
