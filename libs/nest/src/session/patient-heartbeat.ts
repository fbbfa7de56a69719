import type { Socket } from 'socket.io';
import { safely } from '../core/safely.js';
import { SocketOutflow } from './socket-outflow.js';

/** What Engine.IO does about a pong that does not come. Its types call these private. */
interface WithPongTimer {
  readonly readyState: string;
  pingTimeoutTimer: NodeJS.Timeout | null;
  resetPingTimeout?(): void;
  onClose?(reason: string): void;
  sendPacket?(type: string): void;
}

/**
 * Counts bytes that arrive, and waiting ones that the client takes, as life. A pong waits behind a large frame on its
 * way in, and the ping behind one on its way out: on a slow link longer than a heartbeat may take, each time it is sent.
 * Bytes that the kernel takes say nothing: it does so for a client that is gone, too, until its buffer is full.
 */
export function waitWhileBytesMove(socket: Socket, timeoutMs: number): void {
  const conn = socket.conn as unknown as WithPongTimer;
  // Another version of Engine.IO has its own way, and keeps it.
  if (typeof conn.resetPingTimeout !== 'function' || typeof conn.onClose !== 'function') return;
  const tcp = socket.conn.request.socket;
  const outflow = new SocketOutflow(socket);
  const arm = (): void => {
    clearTimeout(conn.pingTimeoutTimer ?? undefined);
    const { bytesRead } = tcp;
    const { progress, isBackedUp } = outflow;
    const timedOut = safely('The time limit of a heartbeat', () => {
      if (conn.readyState === 'closed') return;
      const isAlive = tcp.bytesRead !== bytesRead || (isBackedUp && outflow.progress !== progress);
      if (!isAlive) return conn.onClose?.('ping timeout');
      // Without a pong there would be no next ping, and the client would give up a server that is silent.
      conn.sendPacket?.('ping');
      arm();
    });
    conn.pingTimeoutTimer = setTimeout(timedOut, timeoutMs);
  };
  conn.resetPingTimeout = arm;
}
