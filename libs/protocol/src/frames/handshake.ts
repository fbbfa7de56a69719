/** `auth` of the Socket.IO handshake. @publicApi */
export interface Handshake {
  readonly protocol: number;
  readonly token: string;
  readonly client: { readonly name: string; readonly version: string };
  /** How long the client was without a session, in ms; 0 or absent on its first connection. */
  readonly awayMs?: number;
}
