import type { Session } from './session.js';

/**
 * One kind of client frame and the stage that answers it. Stages behind the session hand these to the
 * dispatcher, so the session never imports them.
 */
export interface FrameRoute {
  /** Socket.IO event name of the frame. */
  readonly name: string;
  /**
   * Taken also while the session drains or its client reads too slowly: the answer is small, and without it the
   * session would cost more.
   */
  readonly isUrgent?: boolean;
  /** Which limit of subjects its requests count for. */
  readonly limit?: 'commands' | 'subscribes' | 'history';
  /** For how many requests a frame counts. @defaultValue 1 */
  countOf?(body: unknown): number;
  /** Its answers say in `outcome` what became of the request; refused before `handle`, it was not applied. */
  readonly hasOutcome?: boolean;
  /**
   * `body` has passed the bounds on depth and size, has no forbidden key, and nothing else is known of it: the route checks its form.
   * Resolves with the body of an `{ ok: true }` answer; a rejection becomes a coded `{ ok: false }` one.
   */
  handle(session: Session, body: unknown): Promise<object>;
  /**
   * The answer was ready and is not sent, because its client has stopped to read meanwhile: `BUSY` is, and the client
   * asks again. For routes whose answers are large; those without this method are answered in any case.
   */
  withhold?(session: Session, body: unknown): void;
  /** The session has ended: let go of all it held here. */
  release?(session: Session): void;
}
