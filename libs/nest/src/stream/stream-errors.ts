import type { CommandOutcome } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';

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
