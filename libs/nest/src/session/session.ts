import type { ControlFrame } from '@millrace/protocol';

/**
 * One authenticated connection on this node.
 *
 * @publicApi
 */
export interface Session<Principal = unknown> {
  /** Unique over all nodes. */
  readonly id: string;
  /** As the authenticator gave it, or a fresh token of the same subject. */
  readonly principal: Principal;
  /** Who the principal is, as one word: the `sub` of a JWT. Stands in the cause of events, finds sessions to revoke. */
  readonly subject: string;
  /**
   * Whom it counts against what this session costs: its subject, or where an authenticator says `isAnonymous`, because many
   * share one subject, the network of its client.
   */
  readonly payer: string;
  /** The Socket.IO socket, for guards and interceptors that ask `switchToWs().getClient()`. */
  readonly socket: object;
  /** Aborted when the session has ended. */
  readonly ended: AbortSignal;
  /** Rooms are joined at once: there is no moment between the call and the membership. */
  join(room: string): void;
  /** Leaves a room at once. */
  leave(room: string): void;
  /** Sends a control frame. */
  tell(frame: ControlFrame): void;
}
