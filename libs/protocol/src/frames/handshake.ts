/** `auth` of the Socket.IO handshake. @publicApi */
export interface Handshake {
  readonly protocol: number;
  readonly token: string;
  readonly client: { readonly name: string; readonly version: string };
}
