import { createRemoteJWKSet, decodeJwt, errors, jwksCache, type ExportedJWKSCache, type JWTVerifyGetKey } from 'jose';
import { CodedError } from '../core/coded-error.js';
import { writeError } from '../core/log-error.js';
import { LineLogger } from '../core/log/line-logger.js';

/** Below the time that authentication may take, so that a hanging key server is named as the cause. */
const FETCH_TIMEOUT_MS = 3_000;
/** Anybody can send a token with an unknown key; the key server is asked for it this often at most. */
const COOLDOWN_MS = 5_000;
const RETRY_AFTER_MS = 2_000;

/**
 * The keys that an issuer publishes. Whether a token is bad cannot be told while they are out of reach, or older than
 * the token that needs a new one: the client is then asked to try again, or it would sign its user out.
 */
export function remoteKeys(url: URL, fetchTimeoutMs = FETCH_TIMEOUT_MS): JWTVerifyGetKey {
  const logger = new LineLogger();
  const cache: Partial<ExportedJWKSCache> = {};
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: fetchTimeoutMs,
    cooldownDuration: COOLDOWN_MS,
    [jwksCache]: cache as ExportedJWKSCache,
  });
  let isReachable = true;
  const reached = (now: boolean, error?: unknown): void => {
    if (now === isReachable) return;
    isReachable = now;
    // Once an outage: every client that comes back meanwhile runs into it.
    if (now) logger.log(`The keys at ${url.href} can be fetched again`);
    else writeError(logger, `Tokens cannot be verified: the keys at ${url.href} cannot be fetched`, error);
  };
  return async (header, token) => {
    try {
      const key = await keys(header, token);
      reached(true);
      return key;
    } catch (error) {
      if (isKeyServerFault(error)) {
        reached(false, error);
        throw new CodedError('BUSY', { retryAfterMs: RETRY_AFTER_MS }, { cause: error });
      }
      reached(true);
      if (error instanceof errors.JWKSNoMatchingKey && isNewer(token.payload, cache.uat)) {
        throw new CodedError('BUSY', { retryAfterMs: COOLDOWN_MS }, { cause: error });
      }
      throw error;
    }
  };
}

function isKeyServerFault(error: unknown): boolean {
  return (
    !(error instanceof errors.JOSEError) ||
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    // What jose throws for an answer that is not 200 or not JSON has no class of its own.
    error.code === errors.JOSEError.code
  );
}

/** Whether the token says that it was issued after the keys were fetched. Unverified: a liar is only told to wait. */
function isNewer(payload: string | Uint8Array, fetchedAt: number | undefined): boolean {
  if (fetchedAt === undefined || typeof payload !== 'string') return false;
  const { iat } = decodeJwt(`.${payload}.`);
  return typeof iat === 'number' && (iat + 1) * 1000 > fetchedAt;
}
