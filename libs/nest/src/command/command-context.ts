import type { Session } from '../session/session.js';

/**
 * One command on its way through guards, pipes, interceptors and handler.
 *
 * @publicApi
 */
export interface CommandContext {
  readonly id: string;
  readonly name: string;
  readonly session: Session;
  /** Aborts when the deadline has passed. */
  readonly deadline: AbortSignal;
  /**
   * Stands where the handler's transaction will be: parameters are resolved before the transaction exists, so that a
   * refused command takes no connection.
   * @internal
   */
  readonly transactionSlot: object;
}
