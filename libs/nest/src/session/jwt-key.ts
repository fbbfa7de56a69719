import { createPublicKey, type KeyObject } from 'node:crypto';
import type { JWTVerifyGetKey } from 'jose';
import { BootError } from '../core/boot-error.js';
import { remoteKeys } from './remote-keys.js';

/** Algorithms of a shared secret. @publicApi */
export type HmacAlgorithm = 'HS256' | 'HS384' | 'HS512';
/** Algorithms of a public key. @publicApi */
export type PublicKeyAlgorithm =
  'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'EdDSA';

/**
 * What tokens are verified with; the kind of key bounds the algorithms.
 *
 * @publicApi
 */
export type JwtKey =
  | {
      /** Shared secret, at least 32 bytes. */
      readonly secret: string;
      /** Those that are accepted. @defaultValue `['HS256']` */
      readonly algorithms?: readonly HmacAlgorithm[];
    }
  | {
      /** Public key as PEM (SPKI). */
      readonly publicKey: string;
      /** Those that are accepted; each must fit the key. */
      readonly algorithms: readonly PublicKeyAlgorithm[];
    }
  | {
      /** Where the issuer publishes its keys. */
      readonly jwksUri: string;
      /** Those that are accepted. @defaultValue `['RS256']` */
      readonly algorithms?: readonly PublicKeyAlgorithm[];
    };

/** A key and the only algorithms that it may be used with. */
export interface PinnedKey {
  readonly key: JWTVerifyGetKey;
  readonly algorithms: string[];
}

const MIN_SECRET_BYTES = 32;
const HMAC = /^HS(?:256|384|512)$/;
const PUBLIC_KEY = /^(?:[RP]S(?:256|384|512)|ES(?:256|384)|EdDSA)$/;

/** @throws BootError when the key cannot be used, or not with these algorithms */
export function pinnedKey(options: JwtKey): PinnedKey {
  if ('secret' in options) {
    const bytes = new TextEncoder().encode(options.secret);
    if (bytes.length < MIN_SECRET_BYTES) {
      throw new BootError(`jwt(): the secret needs at least ${MIN_SECRET_BYTES} bytes`);
    }
    return { key: () => bytes, algorithms: pinned(options.algorithms ?? ['HS256'], HMAC) };
  }
  if ('publicKey' in options) {
    const key = publicKeyOf(options.publicKey);
    const algorithms = pinned(options.algorithms, PUBLIC_KEY);
    for (const algorithm of algorithms) {
      if (!fits(key, algorithm)) throw new BootError(`jwt(): the public key is not one for ${algorithm}`);
    }
    return { key: () => key, algorithms };
  }
  return { key: remoteKeys(urlOf(options.jwksUri)), algorithms: pinned(options.algorithms ?? ['RS256'], PUBLIC_KEY) };
}

function pinned(algorithms: readonly string[] | undefined, allowed: RegExp): string[] {
  if (!algorithms || algorithms.length === 0) throw new BootError('jwt(): algorithms is empty');
  const wrong = algorithms.find((algorithm) => !allowed.test(algorithm));
  if (wrong !== undefined) throw new BootError(`jwt(): algorithm ${wrong} does not go with this kind of key`);
  return [...algorithms];
}

function publicKeyOf(pem: string): KeyObject {
  // Node would take the public half of it, and nobody would notice the secret in the configuration.
  if (pem.includes('PRIVATE KEY')) throw new BootError('jwt(): publicKey holds a private key; give the public one');
  try {
    return createPublicKey(pem);
  } catch {
    throw new BootError('jwt(): publicKey is not a public key in PEM');
  }
}

function fits({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject, algorithm: string): boolean {
  switch (algorithm) {
    case 'ES256':
      return details?.namedCurve === 'prime256v1';
    case 'ES384':
      return details?.namedCurve === 'secp384r1';
    case 'EdDSA':
      return type === 'ed25519';
    default:
      return type === 'rsa' && (details?.modulusLength ?? 0) >= 2048;
  }
}

function urlOf(jwksUri: string): URL {
  if (!URL.canParse(jwksUri)) throw new BootError(`jwt(): jwksUri is "${jwksUri}", which is no URL`);
  return new URL(jwksUri);
}
