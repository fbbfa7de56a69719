import { SignJWT } from 'jose';

/** Of processes that live for minutes on loopback; made anew for each run, handed down by the environment. */
export const secret = (): string => process.env['BENCH_SECRET'] ?? '';

export function signToken(subject: string): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setIssuer('bench')
    .setAudience('bench')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret()));
}
