/**
 * Who a token speaks for.
 *
 * @publicApi
 */
export interface Identity<Principal = unknown> {
  /** Who the connection speaks for, as handlers and policies get it. */
  readonly principal: Principal;
  /** The principal as one word that stays the same over tokens: the `sub` of a JWT. 1–255 characters, no control ones. */
  readonly subject: string;
  /** When the token expires, in ms since 1970; absent = never. */
  readonly expiresAt?: number;
  /**
   * Whether `subject` is one that visitors without a name share. What each of them costs then counts against the network
   * it comes from, and not against all of them. @defaultValue `false`
   */
  readonly isAnonymous?: boolean;
  /** Id of the token, by which it can be revoked: the `jti` of a JWT. 1–255 characters, no control ones. */
  readonly tokenId?: string;
  /**
   * When the token was issued, in ms since 1970: the `iat` of a JWT. Without it, revoking the tokens of a subject that
   * were issued before a moment keeps it out until that revocation is over.
   */
  readonly issuedAt?: number;
}

/**
 * Decides who a connection speaks for. Runs once a connection and once a token refresh, before anything else.
 *
 * @publicApi
 */
export interface Authenticator<Principal = unknown> {
  /**
   * Difference of clocks that is forgiven when a token is checked, in ms. A node whose clock differs from the database's by
   * more than that and than `stream.maxClockSkewMs` is not ready. @defaultValue 0
   */
  readonly clockToleranceMs?: number;
  /**
   * Resolves with the identity that `token` proves.
   *
   * An identity without a valid `subject` or `expiresAt` is refused as `UNAUTHENTICATED`, and the log says why. So is an
   * `UnauthorizedException`.
   *
   * @throws CodedError `UNAUTHENTICATED` or `TOKEN_EXPIRED`: the client fetches another token and tries for a minute,
   * over new connections, before it asks for a sign-in, because this node may be the one that is wrong. To end that at
   * once, throw `FORBIDDEN` (the client is `disconnected`, for good), or `UNAUTHENTICATED` with
   * `{ reason: 'sign-in' }` (`needs-auth`). Any other error refuses the connection as `INTERNAL`, and the client tries
   * again after a while: throw one where this side failed, and nothing is known of the token.
   */
  authenticate(token: string, signal: AbortSignal): Promise<Identity<Principal>>;
}
