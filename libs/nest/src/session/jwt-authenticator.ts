import { jwtVerify } from 'jose';
import { BootError } from '../core/boot-error.js';
import { isDenialKey } from '../core/denial.js';
import type { Authenticator, Identity } from './authenticator.port.js';
import { pinnedKey, type JwtKey, type PinnedKey } from './jwt-key.js';
import { TokenRefusal } from './refusals/token-refusal.js';
import { isSubject } from './subject.js';
import { refusalOf } from './refusals/token-fault.js';

/**
 * What a verified token says.
 *
 * @publicApi
 */
export interface JwtClaims {
  /** Who it is about: becomes the `subject` of the session. */
  readonly sub?: string;
  /** Who issued it. */
  readonly iss?: string;
  /** Whom it is for. */
  readonly aud?: string | string[];
  /** When it expires, in seconds since 1970. */
  readonly exp?: number;
  /** When it was issued, in seconds since 1970. */
  readonly iat?: number;
  /** Its id, by which it can be revoked. */
  readonly jti?: string;
  /** Any other claim. */
  readonly [claim: string]: unknown;
}

/**
 * Which tokens are accepted, and whom they speak for.
 *
 * @publicApi
 */
export type JwtOptions<Principal> = JwtKey & {
  /** Expected `iss`. */
  readonly issuer: string;
  /** Expected `aud`. */
  readonly audience: string;
  /** Difference of clocks that is forgiven, in seconds, 60 at most. @defaultValue 10 */
  readonly leewaySeconds?: number;
  /** Makes the principal of the verified claims. To refuse it, throw a {@link CodedError}, such as `FORBIDDEN`. */
  readonly toPrincipal: (claims: JwtClaims) => Principal | Promise<Principal>;
};

const MAX_LEEWAY_SECONDS = 60;
const DEFAULT_LEEWAY_SECONDS = 10;

/**
 * Authenticates by JSON Web Token. Algorithms are pinned, and a secret is never taken for a public key: the kind of
 * key decides which algorithms are possible at all. `exp`, `sub`, issuer and audience are required. While the issuer's
 * keys cannot be fetched, clients are refused with `BUSY` and come back.
 *
 * @throws BootError when the options contradict each other.
 * @publicApi
 */
export function jwt<Principal>(options: JwtOptions<Principal>): Authenticator<Principal> {
  return new JwtAuthenticator(options);
}

class JwtAuthenticator<Principal> implements Authenticator<Principal> {
  readonly #pinned: PinnedKey;
  readonly #leewaySeconds: number;

  constructor(private readonly options: JwtOptions<Principal>) {
    this.#leewaySeconds = options.leewaySeconds ?? DEFAULT_LEEWAY_SECONDS;
    if (!(this.#leewaySeconds >= 0 && this.#leewaySeconds <= MAX_LEEWAY_SECONDS)) {
      throw new BootError(`jwt(): leewaySeconds is ${this.#leewaySeconds}; it may be 0 to ${MAX_LEEWAY_SECONDS}`);
    }
    if (!options.issuer || !options.audience) throw new BootError('jwt(): issuer and audience are required');
    this.#pinned = pinnedKey(options);
  }

  get clockToleranceMs(): number {
    return this.#leewaySeconds * 1_000;
  }

  async authenticate(token: string): Promise<Identity<Principal>> {
    const { exp, sub, claims } = await this.#verify(token);
    const { jti, iat } = claims;
    return {
      principal: await this.options.toPrincipal(claims),
      subject: sub,
      expiresAt: (exp + this.#leewaySeconds) * 1000,
      // One that nobody could name cannot be revoked by its id, and is accepted as before.
      ...(isDenialKey(jti) && { tokenId: jti }),
      ...(iat !== undefined && { issuedAt: iat * 1000 }),
    };
  }

  async #verify(token: string): Promise<{ exp: number; sub: string; claims: JwtClaims }> {
    try {
      const { payload } = await jwtVerify(token, this.#pinned.key, {
        algorithms: this.#pinned.algorithms,
        issuer: this.options.issuer,
        audience: this.options.audience,
        clockTolerance: this.#leewaySeconds,
      });
      const { exp, sub } = payload;
      if (exp === undefined || !isSubject(sub))
        throw new TokenRefusal('UNAUTHENTICATED', { reason: 'claims' }, undefined);
      return { exp, sub, claims: payload };
    } catch (error) {
      throw refusalOf(error, token, this.options);
    }
  }
}
