import { CodedError } from '../../core/coded-error.js';
import type { Denial } from '../../core/denial.js';

/** What is known of a session, or of a handshake that may become one. */
export interface Facts {
  readonly subject: string;
  readonly tokenId?: string | undefined;
  /** When its token was issued, in ms since 1970. */
  readonly issuedAt?: number | undefined;
  /** Since when there is a session; absent for a handshake. */
  readonly openSince?: number | undefined;
}

export type FindDenial = (kind: Denial['kind'], key: string) => Denial | undefined;

/**
 * Why a session with these facts may not be, if it may not. A token that does not say when it was issued is not shown to
 * be newer than a moment.
 */
export function refusalOf(
  { subject, tokenId, issuedAt, openSince }: Facts,
  { find, now }: { readonly find: FindDenial; readonly now: number },
): CodedError | undefined {
  const standing = (kind: Denial['kind'], key: string): Denial | undefined => {
    const denial = find(kind, key);
    return denial && (denial.until === undefined || denial.until > now) ? denial : undefined;
  };
  if (standing('subject', subject)) return new CodedError('SUBJECT_BLOCKED');
  const issued = standing('issued', subject);
  const isOld = issued !== undefined && (issuedAt === undefined || issuedAt < issued.moment);
  if (isOld || (tokenId !== undefined && standing('token', tokenId))) {
    return new CodedError('UNAUTHENTICATED', { reason: 'revoked' });
  }
  const ended = standing('sessions', subject);
  return ended && openSince !== undefined && openSince < ended.moment ? new CodedError('SESSION_REVOKED') : undefined;
}
