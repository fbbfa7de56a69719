import type { FieldError } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';

/** One frame of 64 KB can break thousands of rules; nobody reads more. */
const MAX_DETAILS = 50;

export function validationFailed(details: readonly FieldError[], cause?: unknown): CodedError {
  const told = details.length > 0 && { details: details.slice(0, MAX_DETAILS) };
  return new CodedError('VALIDATION_FAILED', { ...told }, { cause });
}
