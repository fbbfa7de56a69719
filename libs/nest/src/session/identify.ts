import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import { inTime, LATE } from '../core/in-time.js';
import type { Denials } from './denials/denials.js';
import type { Authenticator, Identity } from './authenticator.port.js';
import type { RefusalTally } from './refusals/refusal-tally.js';
import { TokenRefusal } from './refusals/token-refusal.js';
import type { SessionOptions } from './session.options.js';
import { IdentityCheck, ofAuthenticator } from './identity-check.js';

/** Asks the authenticator, within a time, and refuses what it accepted too late. */
export class Identify {
  readonly #check = new IdentityCheck();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly options: Pick<SessionOptions, 'authenticateTimeoutMs'>,
    private readonly clock: Clock,
    private readonly tally: Pick<RefusalTally, 'accepted' | 'refused'>,
    private readonly denials: Pick<Denials, 'assertAllowed'> = { assertAllowed: () => {} },
  ) {}

  /** @param network where the client comes from; absent on a session, whose token has been accepted before */
  async identify(token: string, network?: string): Promise<Identity> {
    const identity = await this.#accepted(token, network);
    // The token is good, and so is this node.
    this.denials.assertAllowed(identity);
    return identity;
  }

  async #accepted(token: string, network: string | undefined): Promise<Identity> {
    try {
      const identity = await this.#identityOf(token);
      this.tally.accepted();
      return identity;
    } catch (error) {
      this.tally.refused(error, network);
      throw error;
    }
  }

  async #identityOf(token: string): Promise<Identity> {
    const { authenticateTimeoutMs } = this.options;
    const abort = new AbortController();
    const identity = await inTime(this.clock, authenticateTimeoutMs, this.#ask(token, abort.signal));
    if (identity === LATE) {
      abort.abort();
      throw new CodedError('BUSY', { retryAfterMs: authenticateTimeoutMs });
    }
    this.#check.check(identity);
    if (identity.expiresAt !== undefined && identity.expiresAt <= this.clock.now()) {
      throw new TokenRefusal('TOKEN_EXPIRED', {}, { kind: 'clock', source: identity.subject });
    }
    return identity;
  }

  async #ask(token: string, signal: AbortSignal): Promise<Identity> {
    try {
      return await this.authenticator.authenticate(token, signal);
    } catch (error) {
      throw ofAuthenticator(error);
    }
  }
}
