import {
  createRemoteJWKSet,
  errors as joseErrors,
  importSPKI,
  jwtVerify,
  type CryptoKey,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { BootError } from '../core/boot-error.js';
import { CodedError } from '../core/coded-error.js';
import type { Authenticator, Identity } from './authenticator.port.js';

type HmacAlgorithm = 'HS256' | 'HS384' | 'HS512';
type PublicKeyAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'EdDSA';

/** @publicApi */
export type JwtKey =
  | { /** Shared secret, at least 32 bytes. */ readonly secret: string; readonly algorithms?: readonly HmacAlgorithm[] }
  | { /** Public key as PEM (SPKI). */ readonly publicKey: string; readonly algorithms: readonly PublicKeyAlgorithm[] }
  | {
      /** Where the issuer publishes its keys. */ readonly jwksUri: string;
      readonly algorithms?: readonly PublicKeyAlgorithm[];
    };

/** @publicApi */
export type JwtOptions<Principal> = JwtKey & {
  /** Expected `iss`. */
  readonly issuer: string;
  /** Expected `aud`. */
  readonly audience: string;
  /** Difference of clocks that is forgiven, in seconds, 60 at most. @defaultValue 10 */
  readonly leewaySeconds?: number;
  /** Makes the principal of the verified claims. */
  readonly toPrincipal: (claims: JWTPayload) => Principal | Promise<Principal>;
};

const MAX_LEEWAY_SECONDS = 60;
const DEFAULT_LEEWAY_SECONDS = 10;
const MIN_SECRET_BYTES = 32;

/**
 * Authenticates by JSON Web Token. Algorithms are pinned, and a secret is never taken for a public key: the kind of
 * key decides which algorithms are possible at all. `exp`, `sub`, issuer and audience are required.
 *
 * @throws BootError when the options contradict each other.
 * @publicApi
 */
export function jwt<Principal>(options: JwtOptions<Principal>): Authenticator<Principal> {
  return new JwtAuthenticator(options);
}

class JwtAuthenticator<Principal> implements Authenticator<Principal> {
  readonly #key: JWTVerifyGetKey;
  readonly #algorithms: string[];
  readonly #leewaySeconds: number;

  constructor(private readonly options: JwtOptions<Principal>) {
    this.#leewaySeconds = options.leewaySeconds ?? DEFAULT_LEEWAY_SECONDS;
    if (!(this.#leewaySeconds >= 0 && this.#leewaySeconds <= MAX_LEEWAY_SECONDS)) {
      throw new BootError(`jwt(): leewaySeconds is ${this.#leewaySeconds}; it may be 0 to ${MAX_LEEWAY_SECONDS}`);
    }
    if (!options.issuer || !options.audience) throw new BootError('jwt(): issuer and audience are required');
    [this.#key, this.#algorithms] = keyOf(options);
  }

  async authenticate(token: string): Promise<Identity<Principal>> {
    const claims = await this.#verify(token);
    if (typeof claims.sub !== 'string' || claims.sub === '') throw new CodedError('UNAUTHENTICATED');
    return {
      principal: await this.options.toPrincipal(claims),
      subject: claims.sub,
      ...(claims.exp !== undefined && { expiresAt: (claims.exp + this.#leewaySeconds) * 1000 }),
    };
  }

  async #verify(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: this.#algorithms,
        issuer: this.options.issuer,
        audience: this.options.audience,
        clockTolerance: this.#leewaySeconds,
        requiredClaims: ['exp', 'sub'],
      });
      return payload;
    } catch (error) {
      if (error instanceof joseErrors.JWTExpired) throw new CodedError('TOKEN_EXPIRED', {}, { cause: error });
      if (isKeyServerFault(error)) throw error;
      throw new CodedError('UNAUTHENTICATED', {}, { cause: error });
    }
  }
}

/** The issuer's keys could not be fetched: the token may be good, so the client must not be told that it is not. */
function isKeyServerFault(error: unknown): boolean {
  return error instanceof joseErrors.JWKSTimeout || !(error instanceof joseErrors.JOSEError);
}

function keyOf(options: JwtKey): [JWTVerifyGetKey, string[]] {
  if ('secret' in options) {
    const bytes = new TextEncoder().encode(options.secret);
    if (bytes.length < MIN_SECRET_BYTES)
      throw new BootError(`jwt(): the secret needs at least ${MIN_SECRET_BYTES} bytes`);
    return [() => bytes, pinned(options.algorithms ?? ['HS256'], /^HS/)];
  }
  if ('publicKey' in options) {
    const algorithms = pinned(options.algorithms, /^(?:RS|PS|ES|EdDSA)/);
    const keys = new Map<string, Promise<CryptoKey>>();
    const importFor = (algorithm: string): Promise<CryptoKey> => {
      const key = keys.get(algorithm) ?? importSPKI(options.publicKey, algorithm);
      keys.set(algorithm, key);
      return key;
    };
    return [({ alg }) => importFor(alg), algorithms];
  }
  return [createRemoteJWKSet(new URL(options.jwksUri)), pinned(options.algorithms ?? ['RS256'], /^(?:RS|PS|ES|EdDSA)/)];
}

function pinned(algorithms: readonly string[], allowed: RegExp): string[] {
  const wrong = algorithms.find((algorithm) => !allowed.test(algorithm));
  if (wrong !== undefined) throw new BootError(`jwt(): algorithm ${wrong} does not go with this kind of key`);
  if (algorithms.length === 0) throw new BootError('jwt(): algorithms is empty');
  return [...algorithms];
}
