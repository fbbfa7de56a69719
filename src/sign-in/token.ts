import { jwt, type Authenticator } from '@millrace/nest';
import { SignJWT } from 'jose';
import type { SignedIn } from '../contracts/sign-in.contract.js';
import { claimsOf, subjectOf, toPrincipal, type Principal } from './principal.js';

const ISSUER = 'departures';
const AUDIENCE = 'departures-realtime';
const LIFETIME_SECONDS = 15 * 60;

/** A token that `authenticator()` with the same secret accepts. */
export async function issueToken(principal: Principal, secret: string): Promise<SignedIn> {
  const token = await new SignJWT(claimsOf(principal))
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(subjectOf(principal))
    .setIssuedAt()
    .setExpirationTime(`${LIFETIME_SECONDS}s`)
    .sign(new TextEncoder().encode(secret));
  return { token, expiresInSeconds: LIFETIME_SECONDS };
}

export function authenticator(secret: string): Authenticator<Principal> {
  return jwt({ secret, algorithms: ['HS256'], issuer: ISSUER, audience: AUDIENCE, toPrincipal });
}
