import type { CommandOutcome, ErrorCode, FieldError, RetryPolicy, WireError } from '@millrace/protocol';

/** One for all copies of this class. */
const KIND = Symbol.for('millrace.RealtimeError');

/**
 * Everything the SDK rejects with or reports. Decide by `retry` and `outcome`; `code` may be one that this version
 * does not know.
 *
 * @publicApi
 */
export class RealtimeError extends Error {
  /** Always this. */
  override readonly name = 'RealtimeError';
  /** One of the registered codes, or one of a newer server. */
  declare readonly code: ErrorCode | (string & {});
  /** Whether and how the request may be repeated. */
  declare readonly retry: RetryPolicy;
  /** How long to wait before the next try, in ms, when the server said so. */
  declare readonly retryAfterMs: number | undefined;
  /** For a failed command: whether its effects stand. */
  declare readonly outcome: CommandOutcome | undefined;
  /** For a refused token: what was wrong with it, such as `signature`; see docs/errors.md. */
  declare readonly reason: WireError['reason'];
  /** For `VALIDATION_FAILED`: one entry a field. */
  declare readonly details: readonly FieldError[];
  /** The HTTP status of the exception with which the application refused, as 404; with `REJECTED` and its kin. */
  declare readonly status: number | undefined;
  /** Finds the entry in the server's log. */
  declare readonly errorId: string | undefined;

  /** Of either build: a program may load both, the one by `import` and the other by `require`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== RealtimeError) return super[Symbol.hasInstance](value);
    return (value as { readonly [KIND]?: true } | undefined)?.[KIND] === true;
  }

  /** @internal */
  get [KIND](): true {
    return true;
  }

  constructor(wire: WireError, options?: { readonly cause?: unknown }) {
    super(wire.message, options);
    this.code = wire.code;
    this.retry = wire.retry;
    this.retryAfterMs = wire.retryAfterMs;
    this.outcome = wire.outcome;
    this.reason = wire.reason;
    this.details = wire.details ?? [];
    this.status = wire.status;
    this.errorId = wire.errorId;
  }
}
