import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import type { Authenticator, Identity } from './authenticator.port.js';
import type { SessionOptions } from './session.options.js';

/** Asks the authenticator, within a time, and refuses what it accepted too late. */
export class Identify {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly options: Pick<SessionOptions, 'authenticateTimeoutMs'>,
    private readonly clock: Clock,
  ) {}

  async identify(token: string): Promise<Identity> {
    const abort = new AbortController();
    let cancel = (): void => {};
    const late = new Promise<never>((_, reject) => {
      cancel = this.clock.after(this.options.authenticateTimeoutMs, () => {
        reject(new CodedError('BUSY', { retryAfterMs: this.options.authenticateTimeoutMs }));
        abort.abort();
      });
    });
    try {
      const identity = await Promise.race([this.authenticator.authenticate(token, abort.signal), late]);
      if (identity.expiresAt !== undefined && identity.expiresAt <= this.clock.now()) {
        throw new CodedError('TOKEN_EXPIRED');
      }
      return identity;
    } finally {
      cancel();
    }
  }
}
