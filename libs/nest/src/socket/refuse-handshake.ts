import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HandshakeRefusal } from './handshake-refusal.js';

export const bodyOf = ({ code, message }: HandshakeRefusal): string => JSON.stringify({ code, message });

/** Answers a request that asked for an upgrade: Node gives the bare connection for it, and no response. */
export function refuseHandshake(socket: Duplex, refusal: HandshakeRefusal): void {
  const body = bodyOf(refusal);
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  // The client may be gone already.
  socket.on('error', () => {});
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
