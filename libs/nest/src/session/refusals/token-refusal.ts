import type { ErrorCode } from '@millrace/protocol';
import { CodedError, type ErrorDetail } from '../../core/coded-error.js';

/**
 * Why a refusal may be the fault of this node. `clock`: the signature is good, so `source` is the subject of the token, and
 * nobody can invent another one. `key`: nothing about the token is sure but that it was made to look like one of ours.
 */
export type Suspicion = { readonly kind: 'clock'; readonly source: string } | { readonly kind: 'key' };

/** A refused token, with what it says about this node; clients are told the code and the reason only. */
export class TokenRefusal extends CodedError {
  constructor(
    code: Extract<ErrorCode, 'UNAUTHENTICATED' | 'TOKEN_EXPIRED'>,
    detail: ErrorDetail,
    /** Absent: any node would refuse it. */
    readonly suspicion: Suspicion | undefined,
    cause?: unknown,
  ) {
    super(code, detail, { cause });
  }
}

/** Of an authenticator of the application only the code is known; what it names as the user's own fault is that. */
export function suspicionOf(error: unknown): Suspicion | undefined {
  if (error instanceof TokenRefusal) return error.suspicion;
  if (!(error instanceof CodedError)) return undefined;
  const { code, detail } = error;
  const isOfToken = code === 'UNAUTHENTICATED' || code === 'TOKEN_EXPIRED';
  const isOfUser = detail.reason === 'missing' || detail.reason === 'malformed' || detail.reason === 'sign-in';
  return isOfToken && !isOfUser ? { kind: 'key' } : undefined;
}
