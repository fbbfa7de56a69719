import { generateKeyPairSync } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import { describe, expect, it } from 'vitest';
import { BootError } from '../core/boot-error.js';
import { CodedError } from '../core/coded-error.js';
import { jwt, type JwtOptions } from './jwt-authenticator.js';

const secret = 's'.repeat(32);
const toPrincipal = (claims: JWTPayload) => ({ name: claims.sub });
const common = { issuer: 'https://issuer.example', audience: 'millrace', toPrincipal };
const abort = new AbortController().signal;

const pemOf = ({ publicKey }: { publicKey: { export(options: object): string | Buffer } }): string =>
  publicKey.export({ type: 'spki', format: 'pem' }).toString();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ec384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed = generateKeyPairSync('ed25519');
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });

type Key = Parameters<SignJWT['sign']>[0];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** A good token, with what a test spoils about it; a claim that is `undefined` is left out. */
function token(claims: JWTPayload = {}, key: Key = bytes(secret), alg = 'HS256'): Promise<string> {
  const all = { iss: common.issuer, aud: common.audience, sub: 'ann', exp: nowSeconds() + 60, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg }).sign(key);
}

const authenticate = async (text: string | Promise<string>, options: Partial<JwtOptions<unknown>> = { secret }) =>
  jwt({ ...common, ...options } as JwtOptions<unknown>).authenticate(await text, abort);

const unauthenticated = { code: 'UNAUTHENTICATED' };

describe('jwt() with a secret', () => {
  it('makes an identity of a good token', async () => {
    const exp = nowSeconds() + 60;
    await expect(authenticate(token({ exp, role: 'chief' }))).resolves.toEqual({
      principal: { name: 'ann' },
      subject: 'ann',
      expiresAt: (exp + 10) * 1000,
    });
  });

  it.each([
    ['another issuer', { iss: 'https://evil.example' }, 'issuer'],
    ['no issuer', { iss: undefined }, 'issuer'],
    ['another audience', { aud: 'other' }, 'audience'],
    ['no audience', { aud: undefined }, 'audience'],
    ['no subject', { sub: undefined }, 'claims'],
    ['an empty subject', { sub: '' }, 'claims'],
    ['a subject that is too long', { sub: 'x'.repeat(256) }, 'claims'],
    ['a subject with a control character', { sub: 'ann\0' }, 'claims'],
    ['a subject that is no text', { sub: 7 as unknown as string }, 'claims'],
    ['no end', { exp: undefined }, 'claims'],
    ['an end that is no number', { exp: 'never' as unknown as number }, 'claims'],
    ['a start to come', { nbf: nowSeconds() + 60 }, 'clock'],
    ['a start that is no number', { nbf: 'soon' as unknown as number }, 'claims'],
  ])('refuses a token with %s, and says what is wrong', async (_, claims, reason) => {
    const refusal = { ...unauthenticated, detail: { reason } };
    await expect(authenticate(token(claims as JWTPayload))).rejects.toMatchObject(refusal);
  });

  it('says nothing of the claims to those who have no key', async () => {
    const forged = token({ iss: 'https://evil.example', aud: 'other', exp: 1 }, bytes('t'.repeat(32)));
    await expect(authenticate(forged)).rejects.toMatchObject({ ...unauthenticated, detail: { reason: 'signature' } });
  });

  it('takes one of several audiences', async () => {
    await expect(authenticate(token({ aud: ['other', 'millrace'] }))).resolves.toMatchObject({ subject: 'ann' });
  });

  it.each([
    ['with another secret', () => token({}, bytes('t'.repeat(32))), 'signature'],
    ['with another algorithm', () => token({}, bytes(secret.repeat(2)), 'HS512'), 'algorithm'],
    ['not at all', async () => `${(await token()).split('.').slice(0, 2).join('.')}.`, 'signature'],
    [
      'by alg: none',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await token()).split('.')[1] ?? ''}.`,
      'algorithm',
    ],
    [
      'and changed',
      async () => (await token()).replace(/\.[^.]+\./, `.${Buffer.from('{"sub":"root"}').toString('base64url')}.`),
      'signature',
    ],
  ])('refuses a token signed %s, and says what is wrong', async (_, spoiled, reason) => {
    await expect(authenticate(spoiled())).rejects.toMatchObject({ ...unauthenticated, detail: { reason } });
  });

  it.each(['', 'abc', 'a.b.c', '..', '\u0000', 'é.é.é', '{}'])('refuses the rubbish "%s"', async (text) => {
    await expect(authenticate(text)).rejects.toMatchObject({ ...unauthenticated, detail: { reason: 'malformed' } });
  });

  it('forgives a difference of clocks, and no more', async () => {
    await expect(authenticate(token({ exp: nowSeconds() - 7 }))).resolves.toMatchObject({ subject: 'ann' });
    await expect(authenticate(token({ exp: nowSeconds() - 11 }))).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    await expect(authenticate(token({ exp: nowSeconds() - 1 }), { secret, leewaySeconds: 0 })).rejects.toMatchObject({
      code: 'TOKEN_EXPIRED',
    });
    await expect(authenticate(token({ exp: nowSeconds() - 55 }), { secret, leewaySeconds: 60 })).resolves.toMatchObject(
      { subject: 'ann' },
    );
  });

  it('passes on how toPrincipal refuses or fails', async () => {
    const refusing = { secret, toPrincipal: () => Promise.reject(new CodedError('FORBIDDEN')) };
    await expect(authenticate(token(), refusing)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const failing = {
      secret,
      toPrincipal: () => {
        throw new RangeError('inner');
      },
    };
    await expect(authenticate(token(), failing)).rejects.toThrow(RangeError);
  });

  it('asks toPrincipal only about tokens that it believes', async () => {
    let asked = 0;
    const counting = { secret, toPrincipal: () => ++asked };
    await expect(authenticate(token({ aud: 'other' }), counting)).rejects.toMatchObject(unauthenticated);
    expect(asked).toBe(0);
  });
});

describe('a refusal that may be the fault of the node', () => {
  const forged = bytes('t'.repeat(32));
  it.each([
    ['an expired token, by its subject', token({ exp: 1 }), { kind: 'clock', source: 'ann' }],
    ['a token of the future, by its subject', token({ nbf: nowSeconds() + 60 }), { kind: 'clock', source: 'ann' }],
    ['a bad signature of a token like ours', token({}, forged), { kind: 'key' }],
    ['another issuer, well signed', token({ iss: 'https://other.example' }), { kind: 'key' }],
    ['a bad signature of any other token', token({ iss: 'https://other.example' }, forged), undefined],
    ['a bad signature for another audience', token({ aud: 'other' }, forged), undefined],
    ['an expired token that somebody invented', token({ exp: 1, aud: 'other' }, forged), undefined],
    ['a token without subject', token({ sub: undefined } as unknown as JWTPayload), undefined],
    ['rubbish', 'abc', undefined],
  ])('is %s', async (_what, text, suspicion) => {
    await expect(authenticate(text)).rejects.toMatchObject({ suspicion });
  });
});

describe('jwt() with a public key', () => {
  it.each([
    ['RS256', rsa],
    ['PS256', rsa],
    ['ES256', ec],
    ['ES384', ec384],
    ['EdDSA', ed],
  ] as const)('takes %s', async (alg, pair) => {
    const options = { publicKey: pemOf(pair), algorithms: [alg] };
    await expect(authenticate(token({}, pair.privateKey, alg), options)).resolves.toMatchObject({ subject: 'ann' });
  });

  it('takes each of several pinned algorithms', async () => {
    const options = { publicKey: pemOf(rsa), algorithms: ['RS256', 'PS256'] as const };
    await expect(authenticate(token({}, rsa.privateKey, 'RS256'), options)).resolves.toMatchObject({ subject: 'ann' });
    await expect(authenticate(token({}, rsa.privateKey, 'PS256'), options)).resolves.toMatchObject({ subject: 'ann' });
  });

  it('refuses an algorithm of the same key that is not pinned', async () => {
    const options = { publicKey: pemOf(rsa), algorithms: ['RS256'] as const };
    await expect(authenticate(token({}, rsa.privateKey, 'RS512'), options)).rejects.toMatchObject(unauthenticated);
  });

  it('never takes the text of the public key for a secret', async () => {
    const publicKey = pemOf(rsa);
    for (const text of [publicKey, publicKey.trim()]) {
      await expect(
        authenticate(token({}, bytes(text), 'HS256'), { publicKey, algorithms: ['RS256'] }),
      ).rejects.toMatchObject(unauthenticated);
    }
  });

  it('refuses another key', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const options = { publicKey: pemOf(rsa), algorithms: ['RS256'] as const };
    await expect(authenticate(token({}, other.privateKey, 'RS256'), options)).rejects.toMatchObject(unauthenticated);
  });
});

describe('jwt() refuses at boot', () => {
  it.each([
    ['a leeway above a minute', { secret, leewaySeconds: 61 }, 'leewaySeconds'],
    ['a leeway below nothing', { secret, leewaySeconds: -1 }, 'leewaySeconds'],
    ['a leeway that is no number', { secret, leewaySeconds: Number.NaN }, 'leewaySeconds'],
    ['a short secret', { secret: 's'.repeat(31) }, '32 bytes'],
    ['an issuer that is empty', { secret, issuer: '' }, 'issuer'],
    ['an audience that is missing', { secret, audience: undefined }, 'audience'],
    ['no algorithms', { secret, algorithms: [] }, 'algorithms is empty'],
    ['a secret for RS256', { secret, algorithms: ['RS256'] }, 'RS256'],
    ['the algorithm "none"', { secret, algorithms: ['none'] }, 'none'],
    ['a public key without algorithms', { publicKey: pemOf(rsa) }, 'algorithms is empty'],
    ['a public key for HS256', { publicKey: pemOf(rsa), algorithms: ['HS256'] }, 'HS256'],
    ['an RSA key for ES256', { publicKey: pemOf(rsa), algorithms: ['ES256'] }, 'ES256'],
    ['a P-384 key for ES256', { publicKey: pemOf(ec384), algorithms: ['ES256'] }, 'ES256'],
    ['a P-256 key for ES384', { publicKey: pemOf(ec), algorithms: ['ES384'] }, 'ES384'],
    ['a P-256 key for RS256', { publicKey: pemOf(ec), algorithms: ['RS256'] }, 'RS256'],
    ['an RSA key for EdDSA', { publicKey: pemOf(rsa), algorithms: ['EdDSA'] }, 'EdDSA'],
    ['an RSA key that is too short', { publicKey: pemOf(weak), algorithms: ['RS256'] }, 'RS256'],
    ['a public key that is none', { publicKey: 'abc', algorithms: ['RS256'] }, 'not a public key'],
    [
      'a private key',
      { publicKey: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), algorithms: ['RS256'] },
      'private key',
    ],
    ['a key server that is no URL', { jwksUri: 'keys' }, 'jwksUri'],
    ['a secret for keys of a server', { jwksUri: 'http://localhost/', algorithms: ['HS256'] }, 'HS256'],
  ])('%s', (_, options, said) => {
    const boot = () => jwt({ ...common, ...options } as JwtOptions<unknown>);
    expect(boot).toThrow(BootError);
    expect(boot).toThrow(said);
  });
});
