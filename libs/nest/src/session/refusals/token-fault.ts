import type { TokenFault } from '@millrace/protocol';
import { decodeJwt, errors } from 'jose';
import { TokenRefusal, type Suspicion } from './token-refusal.js';

interface Expected {
  readonly issuer: string;
  readonly audience: string;
}

/**
 * The refusal of a token that was not verified. Everything that is wrong with a token has a class of jose; the rest is a
 * fault of this side, and stays what it is.
 */
export function refusalOf(error: unknown, token: string, expected: Expected): unknown {
  if (error instanceof errors.JWTExpired) {
    return new TokenRefusal('TOKEN_EXPIRED', {}, clockSuspicion(error.payload.sub), error);
  }
  if (!(error instanceof errors.JOSEError)) return error;
  const reason = faultOf(error);
  return new TokenRefusal(
    'UNAUTHENTICATED',
    { reason },
    suspicionOf(reason, error, () => isOurs(token, expected)),
    error,
  );
}

/** jose looks at claims after the signature only, so none of these helps those who guess. */
function faultOf(error: errors.JOSEError): TokenFault {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return 'key';
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) return 'algorithm';
  if (error instanceof errors.JWTClaimValidationFailed) return claimFaultOf(error);
  return 'malformed';
}

function claimFaultOf({ claim, reason }: errors.JWTClaimValidationFailed): TokenFault {
  if (claim === 'iss') return 'issuer';
  if (claim === 'aud') return 'audience';
  return claim === 'nbf' && reason === 'check_failed' ? 'clock' : 'claims';
}

const clockSuspicion = (subject: unknown): Suspicion | undefined =>
  typeof subject === 'string' ? { kind: 'clock', source: subject } : undefined;

/** A node may have the wrong key, and the wrong clock. What a token lacks it lacks everywhere. */
function suspicionOf(reason: TokenFault, error: errors.JOSEError, isLikeOurs: () => boolean): Suspicion | undefined {
  switch (reason) {
    case 'clock':
      return error instanceof errors.JWTClaimValidationFailed ? clockSuspicion(error.payload.sub) : undefined;
    case 'issuer':
    case 'audience':
      return { kind: 'key' };
    case 'signature':
    case 'key':
    case 'algorithm':
      return isLikeOurs() ? { kind: 'key' } : undefined;
    case 'missing':
    case 'malformed':
    case 'claims':
    case 'revoked':
    case 'sign-in':
      return undefined;
    default:
      return reason satisfies never;
  }
}

/** Whether it names issuer and audience of ours, which nobody has proven. */
function isOurs(token: string, { issuer, audience }: Expected): boolean {
  try {
    const { iss, aud } = decodeJwt(token);
    return iss === issuer && [aud].flat().includes(audience);
  } catch {
    return false;
  }
}
