import { failIfAborted, reasonOf } from '../abort.js';
import type { Environment } from '../environment/environment.port.js';

/** Why a token is asked for. @publicApi */
export interface TokenRequest {
  /**
   * `connect`: for a new connection. `refused`: for a new connection, after the server refused the token before: skip
   * your cache. `refresh`: the token of the current session expires soon: skip your cache.
   */
  readonly reason: 'connect' | 'refused' | 'refresh';
  /** Aborted when nobody waits for this token any more. */
  readonly signal: AbortSignal;
}

/**
 * Asked for every connection and before each expiry, never twice at once unless the `signal` of the call before was
 * aborted; keep a cache in it if asking is dear.
 * A failure is tried again with growing pauses. Nothing in the place of a token says that nobody is signed in, and is taken
 * as a refused token is: after the third time in a row the connection is `needs-auth`.
 *
 * @publicApi
 */
export type TokenFunction = (request: TokenRequest) => string | null | undefined | Promise<string | null | undefined>;

/**
 * Calls the token function once at a time. Whoever comes meanwhile waits and then asks anew, never shares: the call
 * under way may be one for a session that has ended, for whoever was signed in then.
 */
export class TokenSource {
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ask: TokenFunction,
    private readonly timeoutMs: number,
    private readonly environment: Environment,
  ) {}

  /**
   * `''` where nobody is signed in.
   *
   * @throws the reason of `signal`, whatever the function throws, or an `Error` after the time-out
   */
  fetch(reason: TokenRequest['reason'], signal: AbortSignal): Promise<string> {
    const token = this.#last.then(() => this.#call(reason, signal));
    this.#last = token.catch(() => undefined);
    return token;
  }

  #call(reason: TokenRequest['reason'], signal: AbortSignal): Promise<string> {
    failIfAborted(signal);
    const timeout = new AbortController();
    return new Promise((resolve, reject) => {
      const cancel = this.environment.after(this.timeoutMs, () => {
        timeout.abort();
        reject(noTokenWithin(this.timeoutMs));
      });
      // Whoever gave up waits for nobody, and neither does the next: the function may hang.
      const onAbort = () => {
        cancel();
        timeout.abort();
        reject(reasonOf(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      // In a promise, so that a function that throws at once is treated like one that rejects.
      void Promise.resolve({ reason, signal: timeout.signal })
        .then(this.ask)
        .then((token) => resolve(checked(token ?? '')))
        .catch(reject)
        .finally(() => {
          cancel();
          signal.removeEventListener('abort', onAbort);
        });
    });
  }
}

/** More than a server takes would end the connection, again and again, without a word. */
const MAX_LENGTH = 16_384;

function checked(token: string): string {
  if (token.length > MAX_LENGTH) {
    throw new Error(`it has more than ${MAX_LENGTH} characters`);
  }
  return token;
}

export const noTokenWithin = (ms: number): Error => new Error(`The token function did not answer within ${ms} ms`);
