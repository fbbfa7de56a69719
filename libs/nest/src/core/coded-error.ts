import { IntrinsicException } from '@nestjs/common';
import { errors, wireError, type ErrorCode, type WireError } from '@millrace/protocol';

/** What a code leaves open: outcome, pause, details, id in the log. @publicApi */
export type ErrorDetail = Omit<WireError, 'code' | 'message' | 'retry'>;

/**
 * An error with a registered code. Nest does not log an `IntrinsicException`: a refusal is an answer, not an accident.
 *
 * @publicApi
 */
export class CodedError extends IntrinsicException {
  /** Always this. */
  override readonly name = 'CodedError';

  constructor(
    /** One of the registry. */
    readonly code: ErrorCode,
    /** What the wire says beside the code. */
    readonly detail: ErrorDetail = {},
    options?: { readonly cause?: unknown },
  ) {
    super(errors[code].message);
    if (options?.cause !== undefined) this.cause = options.cause;
  }

  /** As clients are told. */
  toWire(): WireError {
    return wireError(this.code, this.detail);
  }
}
