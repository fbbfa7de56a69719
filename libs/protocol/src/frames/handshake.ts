/** `auth` of the Socket.IO handshake. @publicApi */
export interface Handshake {
  /** Must be {@link PROTOCOL_VERSION}. */
  readonly protocol: number;
  /** Who the client speaks for. */
  readonly token: string;
  /** Who calls; the server does not depend on it. */
  readonly client: { readonly name: string; readonly version: string };
  /** How long the client was without a session, in ms; 0 or absent on its first connection. */
  readonly awayMs?: number;
}
