import { IntrinsicException } from '@nestjs/common';
import { errors, wireError, type ErrorCode, type WireError } from '@millrace/protocol';

type ErrorDetail = Omit<WireError, 'code' | 'message' | 'retry'>;

/**
 * An error with a registered code. Nest does not log an `IntrinsicException`: a refusal is an answer, not an accident.
 *
 * @publicApi
 */
export class CodedError extends IntrinsicException {
  override readonly name = 'CodedError';

  constructor(
    readonly code: ErrorCode,
    readonly detail: ErrorDetail = {},
    options?: { readonly cause?: unknown },
  ) {
    super(errors[code].message);
    if (options?.cause !== undefined) this.cause = options.cause;
  }

  toWire(): WireError {
    return wireError(this.code, this.detail);
  }
}
