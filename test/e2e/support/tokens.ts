import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { tokenAudience, tokenIssuer } from '../../apps/notes/notes.config.js';

export interface TokenClaims {
  readonly role?: 'moderator';
  readonly boards?: readonly string[];
  readonly jti?: string;
  /** When it was issued, in seconds since 1970. */
  readonly iat?: number;
  /** @defaultValue 3600 */
  readonly expiresInSeconds?: number;
}

export const newSecret = (): string => randomBytes(32).toString('hex');

/** A token as the sign-in of the application would issue it. */
export function signToken(
  secret: string,
  subject: string,
  { expiresInSeconds = 3600, ...claims }: TokenClaims = {},
): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setIssuer(tokenIssuer)
    .setAudience(tokenAudience)
    .setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds)
    .sign(new TextEncoder().encode(secret));
}
