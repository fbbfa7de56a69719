import { io, type Socket } from 'socket.io-client';
import { DEFAULT_PATH, NAMESPACE, PROTOCOL_VERSION } from '@millrace/protocol';

/** A connection without the SDK: shows what the server really sends. */
export class RawSession {
  readonly frames: { readonly name: string; readonly body: unknown }[] = [];

  private constructor(private readonly socket: Socket) {
    socket.onAny((name: string, body: unknown) => this.frames.push({ name, body }));
  }

  /** Rejects with the refusal. */
  static async open(url: string, auth: object, headers: Record<string, string> = {}): Promise<RawSession> {
    const options = { path: DEFAULT_PATH, transports: ['websocket'], reconnection: false, forceNew: true };
    const socket = io(url + NAMESPACE, { ...options, auth, extraHeaders: headers });
    const session = new RawSession(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    }).catch((error: unknown) => {
      socket.disconnect();
      throw error;
    });
    return session;
  }

  static auth(token: string, protocol: number = PROTOCOL_VERSION): object {
    return { protocol, token, client: { name: 'raw', version: '1' } };
  }

  ask(name: string, body: object): Promise<unknown> {
    return this.socket.timeout(5_000).emitWithAck(name, body);
  }

  close(): void {
    this.socket.disconnect();
  }
}
