/**
 * Why a token was refused, with what to look at: the `reason` of `UNAUTHENTICATED` and `TOKEN_EXPIRED`. A closed set of
 * words that repeat nothing of the token, of the key or of the options. What a token claims is judged only after its
 * signature, so that a token without a good one learns nothing about issuer and audience.
 *
 * @publicApi
 */
export const tokenFaults = {
  missing: 'There is no token: sign in. If a user is signed in, look at what the `token` function returns.',
  malformed: 'The token is not a JSON Web Token. Look at what the `token` function returns.',
  algorithm: 'The token is signed with an algorithm that the node does not allow: compare with `algorithms` of jwt().',
  key: 'No key of the issuer has the id that the token names: compare `jwksUri` of jwt() with the issuer.',
  signature: 'The key of the node did not make the signature: compare the secret or public key of each node.',
  issuer: 'Another issuer made the token: compare its `iss` with `issuer` of jwt().',
  audience: 'The token is for another audience: compare its `aud` with `audience` of jwt().',
  claims: 'The token has no `exp`, or no `sub` of 1 to 255 characters, or a claim of another type.',
  clock: 'The token is not valid yet, or expired although it is fresh: compare the clocks of node and issuer.',
  revoked: 'The token was revoked, or all tokens of this user that are so old: fetch a new one.',
  'sign-in': 'The application asks for a new sign-in: no token of this one will be accepted.',
} as const satisfies Record<string, string>;

/** Why a token was refused. @publicApi */
export type TokenFault = keyof typeof tokenFaults;
