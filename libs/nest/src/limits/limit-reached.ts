import { CodedError, type ErrorDetail } from '../core/coded-error.js';
import type { LimitKind } from './limits.metrics.js';

/** The refusal of what is beyond a limit; `reason` names it. */
export const limitReached = (limit: LimitKind, retryAfterMs: number, more: ErrorDetail = {}): CodedError =>
  new CodedError('RATE_LIMITED', { ...more, reason: limit, retryAfterMs });
