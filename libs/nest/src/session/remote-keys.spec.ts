import { Logger } from '@nestjs/common';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT, type CryptoKey, type JWK } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { jwt } from './jwt-authenticator.js';
import { remoteKeys } from './remote-keys.js';
import { KeyServer } from './testing/key-server.js';

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

const common = { issuer: 'https://issuer.example', audience: 'millrace', toPrincipal: () => 'someone' };
const abort = new AbortController().signal;

async function signingKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** Only what Date tells moves: sockets need real timers. */
function travel(byMs: number): void {
  vi.setSystemTime(Date.now() + byMs);
}

const tokenOf = ({ kid, privateKey }: SigningKey, issuedAt = Date.now()): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'RS256', kid })
    .setIssuer(common.issuer)
    .setAudience(common.audience)
    .setSubject('ann')
    .setIssuedAt(Math.floor(issuedAt / 1000))
    .setExpirationTime(Math.floor(Date.now() / 1000) + 3_600)
    .sign(privateKey);

let server: KeyServer;
let old: SigningKey;
let fresh: SigningKey;
let logged: string[];

beforeAll(async () => {
  [old, fresh] = await Promise.all([signingKey('old'), signingKey('fresh')]);
});

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  server = await KeyServer.start();
  server.keys = [old.jwk];
  logged = [];
  vi.spyOn(Logger.prototype, 'error').mockImplementation(() => void logged.push('down'));
  vi.spyOn(Logger.prototype, 'log').mockImplementation(() => void logged.push('up'));
});

afterEach(async () => {
  await server.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const authenticator = () => jwt({ ...common, jwksUri: server.uri });
const ok = { subject: 'ann', principal: 'someone' };

describe('the keys of an issuer', () => {
  it('are fetched once for many tokens', async () => {
    const one = authenticator();
    const token = await tokenOf(old);
    await Promise.all(Array.from({ length: 20 }, () => one.authenticate(token, abort)));
    await expect(one.authenticate(token, abort)).resolves.toMatchObject(ok);
    expect(server.asked).toBe(1);
  });

  it('may be told apart by their algorithm, but a token does not choose one', async () => {
    const confused = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', kid: 'old' })
      .sign(new TextEncoder().encode(JSON.stringify(old.jwk)));
    await expect(authenticator().authenticate(confused, abort)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(server.asked).toBe(0);
  });

  it.each(['failing', 'babbling', 'empty'] as const)(
    'of a %s server: clients wait instead of signing out, and the log says it once an outage',
    async (mode) => {
      const one = authenticator();
      const token = await tokenOf(old);
      server.mode = mode;
      for (let tries = 0; tries < 3; tries++) {
        await expect(one.authenticate(token, abort)).rejects.toMatchObject({
          code: 'BUSY',
          detail: { retryAfterMs: 2_000 },
        });
      }
      server.mode = 'up';
      await expect(one.authenticate(token, abort)).resolves.toMatchObject(ok);
      expect(logged).toEqual(['down', 'up']);
    },
  );

  it('of a server that is gone: clients wait', async () => {
    const one = authenticator();
    await server.stop();
    await expect(one.authenticate(await tokenOf(old), abort)).rejects.toMatchObject({ code: 'BUSY' });
  });

  it('of a server that hangs: clients wait', async () => {
    server.mode = 'hanging';
    const verified = jwtVerify(await tokenOf(old), remoteKeys(new URL(server.uri), 50));
    await expect(verified).rejects.toMatchObject({ code: 'BUSY' });
  });

  it('in hand outlive a server that is gone', async () => {
    const one = authenticator();
    await one.authenticate(await tokenOf(old), abort);
    server.mode = 'failing';
    travel(60_000);
    await expect(one.authenticate(await tokenOf(old), abort)).resolves.toMatchObject(ok);
  });
});

describe('a rotation of keys', () => {
  it('is noticed by the first token that needs the new one', async () => {
    const one = authenticator();
    await one.authenticate(await tokenOf(old), abort);
    server.keys = [old.jwk, fresh.jwk];
    travel(6_000);
    await expect(one.authenticate(await tokenOf(fresh), abort)).resolves.toMatchObject(ok);
    await expect(one.authenticate(await tokenOf(old), abort)).resolves.toMatchObject(ok);
    expect(server.asked).toBe(2);
  });

  it('right after the keys were fetched makes the client wait, not sign out', async () => {
    const one = authenticator();
    await one.authenticate(await tokenOf(old), abort);
    travel(2_000);
    server.keys = [fresh.jwk];
    const token = await tokenOf(fresh);
    await expect(one.authenticate(token, abort)).rejects.toMatchObject({
      code: 'BUSY',
      detail: { retryAfterMs: 5_000 },
    });
    expect(server.asked).toBe(1);
    travel(5_000);
    await expect(one.authenticate(token, abort)).resolves.toMatchObject(ok);
  });

  it('refuses the tokens of a key that is gone, for good', async () => {
    const one = authenticator();
    const stale = await tokenOf(old, Date.now() - 60_000);
    server.keys = [fresh.jwk];
    await expect(one.authenticate(stale, abort)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    travel(6_000);
    await expect(one.authenticate(stale, abort)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(server.asked).toBe(2);
  });

  it('is not asked for by each token with an unknown key', async () => {
    const one = authenticator();
    await one.authenticate(await tokenOf(old), abort);
    travel(6_000);
    const stranger = await tokenOf(await signingKey('stranger'), Date.now() - 60_000);
    for (let tries = 0; tries < 10; tries++) {
      await expect(one.authenticate(stranger, abort)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    expect(server.asked).toBe(2);
  });
});
