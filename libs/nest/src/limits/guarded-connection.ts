import type { IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';

/** What is used of a websocket. */
interface Websocket {
  pause(): void;
  on(event: 'message' | 'ping' | 'pong', listener: () => void): unknown;
}

/** What is used of an Engine.IO connection. Its types call the websocket of its transport private. */
export interface GuardedConnection {
  readonly request: Pick<IncomingMessage, 'headers'> & {
    readonly socket: Pick<TcpSocket, 'destroy' | 'destroyed' | 'once' | 'remoteAddress'>;
  };
  readonly transport: { readonly socket?: Websocket };
  emit(name: string | symbol, ...args: unknown[]): boolean;
  once(event: 'close', listener: () => void): unknown;
  write(packet: string): unknown;
  close(discard?: boolean): void;
}
