import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { toPrincipal, type Principal } from './principal.js';
import { authenticator, issueToken } from './token.js';

const secret = 's'.repeat(32);
const { signal } = new AbortController();
const authenticate = (token: string, key = secret) => authenticator(key).authenticate(token, signal);

describe('a token', () => {
  it.each<[string, Principal]>([
    ['viewer:Ada', { kind: 'viewer', name: 'Ada' }],
    ['staff:Feed', { kind: 'staff', name: 'Feed', airports: 'all' }],
    ['staff:Bob', { kind: 'staff', name: 'Bob', airports: ['SFO', 'OAK'] }],
  ])('speaks for %s, and for an hour at most', async (subject, principal) => {
    const { token, expiresInSeconds } = await issueToken(principal, secret);
    const identity = await authenticate(token);
    expect(identity).toMatchObject({ subject, principal });
    expect(expiresInSeconds).toBeLessThanOrEqual(3_600);
    expect((identity.expiresAt ?? Infinity) - Date.now()).toBeLessThanOrEqual(3_600_000 + 60_000);
  });

  it('of another server is refused', async () => {
    const { token } = await issueToken({ kind: 'viewer', name: 'Ada' }, 'o'.repeat(32));
    await expect(authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('for another audience is refused', async () => {
    const token = await new SignJWT({ kind: 'viewer', name: 'Ada' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('departures')
      .setAudience('elsewhere')
      .setSubject('viewer:Ada')
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode(secret));
    await expect(authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('claims', () => {
  it.each([
    ['no kind', { name: 'Ada' }],
    ['another kind', { kind: 'admin', name: 'Ada' }],
    ['no name', { kind: 'viewer' }],
    ['staff of nowhere', { kind: 'staff', name: 'Bob' }],
    ['airports that are no list', { kind: 'staff', name: 'Bob', airports: 'SFO' }],
    ['airports that are no codes', { kind: 'staff', name: 'Bob', airports: [1] }],
  ])('with %s make no principal', (_case, claims) => {
    expect(() => toPrincipal(claims)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });

  it('that nobody asked for do not reach the principal', () => {
    expect(toPrincipal({ kind: 'viewer', name: 'Ada', airports: 'all', sub: 'x' })).toEqual({
      kind: 'viewer',
      name: 'Ada',
    });
  });
});
