import type { ControlFrame } from '@millrace/protocol';

/**
 * One authenticated connection on this node.
 *
 * @publicApi
 */
export interface Session<Principal = unknown> {
  readonly id: string;
  readonly principal: Principal;
  /** Who the principal is, as one word: the `sub` of a JWT. Stands in the cause of events, finds sessions to revoke. */
  readonly subject: string;
  /** The Socket.IO socket, for guards and interceptors that ask `switchToWs().getClient()`. */
  readonly socket: object;
  /** Aborted when the session has ended. */
  readonly ended: AbortSignal;
  /** Rooms are joined at once: there is no moment between the call and the membership. */
  join(room: string): void;
  leave(room: string): void;
  tell(frame: ControlFrame): void;
}
