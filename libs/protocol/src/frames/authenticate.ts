/** Client → server, `authenticate`: a fresh token for the same principal, before the old one expires. @publicApi */
export interface AuthenticateFrame {
  /** The fresh token, as the authenticator of the server takes it. */
  readonly token: string;
}

/** The session goes on with the fresh token. @publicApi */
export interface AuthenticateAnswer {
  /** When the session's token expires, ms from now; absent = never. */
  readonly expiresInMs?: number;
}
