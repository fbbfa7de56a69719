import type { AuthenticateAnswer } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import type { FrameRoute } from './frame-route.js';
import { readToken } from './handshake.js';
import type { Identify } from './identify.js';
import { SocketSession } from './socket-session.js';
import type { Session } from './session.js';

/** `authenticate`: a fresh token before the old one expires, without a new connection. */
export class AuthenticateRoute implements FrameRoute {
  readonly name = 'authenticate';

  constructor(
    private readonly identify: Identify,
    private readonly clock: Clock,
  ) {}

  async handle(session: Session, body: unknown): Promise<AuthenticateAnswer> {
    if (!(session instanceof SocketSession)) throw new CodedError('FRAME_INVALID');
    const token = readToken((body as { token?: unknown } | null | undefined)?.token);
    const identity = await this.identify.identify(token);
    session.renew(identity);
    return identity.expiresAt === undefined ? {} : { expiresInMs: identity.expiresAt - this.clock.now() };
  }
}
