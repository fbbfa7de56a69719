import type { AuthenticateAnswer } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import type { FrameRoute } from './frame-route.js';
import { readToken } from './handshake.js';
import type { Identify } from './identify.js';
import { SocketSession } from './socket-session.js';
import type { Session } from './session.js';

/** Whoever gave a session something because of its principal. */
export interface Rights {
  /** Takes back at once what the principal may no longer have; the answer asks about it once the fresh one is there. */
  renewing(session: Session): () => void;
}

const BUSY_RETRY_AFTER_MS = 1_000;

/** `authenticate`: a fresh token before the old one expires, without a new connection. */
export class AuthenticateRoute implements FrameRoute {
  readonly name = 'authenticate';
  /** Refused, a session would end at the expiry of its token with its commands unanswered. */
  readonly isUrgent = true;
  readonly #pending = new WeakSet<Session>();

  constructor(
    private readonly identify: Identify,
    private readonly clock: Clock,
    private readonly rights: Rights,
  ) {}

  async handle(session: Session, body: unknown): Promise<AuthenticateAnswer> {
    if (!(session instanceof SocketSession)) throw new CodedError('FRAME_INVALID');
    const token = readToken((body as { token?: unknown } | null | undefined)?.token);
    const identity = await this.#alone(session, () => this.identify.identify(token));
    // Another's token is refused and changes nothing.
    const recheck = identity.subject === session.subject ? this.rights.renewing(session) : () => {};
    session.renew(identity);
    recheck();
    return identity.expiresAt === undefined ? {} : { expiresInMs: identity.expiresAt - this.clock.now() };
  }

  /** One at a time: of two that overlap, the older token could be the last to answer. */
  async #alone<T>(session: Session, task: () => Promise<T>): Promise<T> {
    if (this.#pending.has(session)) throw new CodedError('BUSY', { retryAfterMs: BUSY_RETRY_AFTER_MS });
    this.#pending.add(session);
    try {
      return await task();
    } finally {
      this.#pending.delete(session);
    }
  }
}
