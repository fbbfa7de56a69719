import { HttpStatus } from '@nestjs/common';
import { CodedError } from '../core/coded-error.js';
import { isDenialKey } from '../core/denial.js';
import type { Identity } from './authenticator.port.js';
import { isHttpException } from './enhancers/deliberate.js';
import { isSubject } from './subject.js';
import { LineLogger } from '../core/log/line-logger.js';

const faults = {
  identity: 'returned no identity. Throw CodedError UNAUTHENTICATED to refuse a token',
  subject:
    'returned an invalid `subject`: expected text of 1 to 255 characters without control characters. Return an id of ' +
    'the user that stays the same, such as a primary key',
  expiresAt:
    'returned an invalid `expiresAt`: expected a number of ms since 1970. Leave it out for a token that does not expire',
  tokenId: 'returned an invalid `tokenId`: expected text of 1 to 255 characters without control characters',
  issuedAt: 'returned an invalid `issuedAt`: expected a number of ms since 1970. Leave it out where it is not known',
} as const;

/**
 * An authenticator is code of the application. An identity that no session can have is a token that cannot be accepted,
 * however often it comes; the log says once a kind what to change.
 */
export class IdentityCheck {
  readonly #logger = new LineLogger();
  readonly #told = new Set<keyof typeof faults>();

  /** @throws CodedError `UNAUTHENTICATED` */
  check(identity: Identity): Identity {
    const fault = faultIn(identity);
    if (!fault) return identity;
    if (!this.#told.has(fault)) {
      this.#told.add(fault);
      this.#logger.error(`The authenticator ${faults[fault]}. Clients are refused with UNAUTHENTICATED`);
    }
    throw new CodedError('UNAUTHENTICATED', { reason: 'claims' });
  }
}

function faultIn(identity: unknown): keyof typeof faults | undefined {
  if (typeof identity !== 'object' || identity === null) return 'identity';
  const { subject, expiresAt, tokenId, issuedAt } = identity as Partial<Record<keyof Identity, unknown>>;
  if (!isSubject(subject)) return 'subject';
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) return 'expiresAt';
  if (tokenId !== undefined && !isDenialKey(tokenId)) return 'tokenId';
  return issuedAt === undefined || Number.isFinite(issuedAt) ? undefined : 'issuedAt';
}

/** Here, and only here, a 401 is about the token. */
export function ofAuthenticator(error: unknown): unknown {
  const isAboutToken = isHttpException(error) && error.getStatus() === Number(HttpStatus.UNAUTHORIZED);
  return isAboutToken ? new CodedError('UNAUTHENTICATED', {}, { cause: error }) : error;
}
