import type { TokenFault } from '@millrace/protocol';
import { errors } from 'jose';
import { CodedError } from '../core/coded-error.js';

/**
 * The refusal of a token that was not verified. Everything that is wrong with a token has a class of jose; the rest is a
 * fault of this side, and stays what it is.
 */
export function refusalOf(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return new CodedError('TOKEN_EXPIRED', {}, { cause: error });
  if (!(error instanceof errors.JOSEError)) return error;
  return new CodedError('UNAUTHENTICATED', { reason: faultOf(error) }, { cause: error });
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
