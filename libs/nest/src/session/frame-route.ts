import type { Session } from './session.js';

/**
 * One kind of client frame and the stage that answers it. Stages behind the session provide these under the
 * `FrameRoutes` token, so the session never imports them.
 */
export interface FrameRoute {
  /** Socket.IO event name of the frame. */
  readonly name: string;
  /**
   * `body` has passed the bounds on depth and size and nothing else: the route checks its form.
   * Resolves with the body of an `{ ok: true }` answer; a rejection becomes a coded `{ ok: false }` one.
   */
  handle(session: Session, body: unknown): Promise<object>;
  /** The session has ended: let go of all it held here. */
  release?(session: Session): void;
}

export const FrameRoutes = Symbol('FrameRoutes');
