import type { Session } from './session.js';

/** What a session takes part in, as far as the session stage must know. */
export interface LiveFlow {
  /** The session leaves all its rooms; its subscriptions stay wishes of its client. Returns their channels. */
  interrupt(session: Session): readonly string[];
}
