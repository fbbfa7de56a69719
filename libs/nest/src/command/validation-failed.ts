import type { FieldError } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';

/** One frame of 64 KB can break thousands of rules; nobody reads more. */
const MAX_DETAILS = 50;

export function validationFailed(details: readonly FieldError[], cause?: unknown): CodedError {
  return new CodedError('VALIDATION_FAILED', { details: details.slice(0, MAX_DETAILS) }, { cause });
}
