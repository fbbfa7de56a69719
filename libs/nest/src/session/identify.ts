import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import { inTime, LATE } from '../core/in-time.js';
import type { Authenticator, Identity } from './authenticator.port.js';
import type { SessionOptions } from './session.options.js';
import { isSubject } from './subject.js';

/** Asks the authenticator, within a time, and refuses what it accepted too late. */
export class Identify {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly options: Pick<SessionOptions, 'authenticateTimeoutMs'>,
    private readonly clock: Clock,
  ) {}

  async identify(token: string): Promise<Identity> {
    const { authenticateTimeoutMs } = this.options;
    const abort = new AbortController();
    const work = this.authenticator.authenticate(token, abort.signal);
    const identity = await inTime(this.clock, authenticateTimeoutMs, work);
    if (identity === LATE) {
      abort.abort();
      throw new CodedError('BUSY', { retryAfterMs: authenticateTimeoutMs });
    }
    checkIdentity(identity);
    if (identity.expiresAt !== undefined && identity.expiresAt <= this.clock.now()) {
      throw new CodedError('TOKEN_EXPIRED');
    }
    return identity;
  }
}

/** An authenticator is somebody else's code: what it gets wrong must not surface as a session that never expires. */
function checkIdentity({ subject, expiresAt }: Identity): void {
  if (!isSubject(subject)) {
    throw new TypeError('The authenticator returned a `subject` that is not 1 to 255 characters without control ones');
  }
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) {
    throw new TypeError('The authenticator returned an `expiresAt` that is not a number of ms since 1970');
  }
}
