import type { Socket as TcpSocket } from 'node:net';
import type { Socket } from 'socket.io';
import type { Clock } from '../core/clock.js';
import { safely } from '../core/safely.js';
import { fullBucket, takeToken } from '../core/token-bucket.js';

/** What is used of an Engine.IO connection. */
export interface Connection {
  readonly request: { readonly socket: Pick<TcpSocket, 'destroy'> };
  on(event: 'data', listener: (data: unknown) => void): unknown;
  close: Socket['conn']['close'];
}

/** More than any application has namespaces, and some for those that were left and entered again. */
const RATE = { perSecond: 1, burst: 50 };
/** How Socket.IO writes that somebody asks for a namespace. */
const ASKS = '0';

/**
 * Anybody may ask for namespaces on a connection, before any authentication and faster than he reads the refusals, which
 * repeat what was asked for: without a bound a single stranger fills the memory and stalls the loop. Whoever asks too
 * often is cut off with all that waits for him.
 */
export function boundNamespaceRequests(connection: Connection, clock: Clock, onExcess: () => void): void {
  let bucket = fullBucket(RATE, clock.monotonic());
  let isCut = false;
  const count = (data: unknown): void => {
    if (isCut || typeof data !== 'string' || !data.startsWith(ASKS)) return;
    const decision = takeToken(bucket, RATE, clock.monotonic());
    bucket = decision.next;
    if (decision.allowed) return;
    isCut = true;
    onExcess();
    connection.close(true);
    connection.request.socket.destroy();
  };
  connection.on('data', safely('The count of namespaces', count));
}
