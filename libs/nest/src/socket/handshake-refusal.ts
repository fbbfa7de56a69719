import type { IncomingMessage } from 'node:http';

/** Why a request does not become a connection, as HTTP and Engine.IO say it. */
export interface HandshakeRefusal {
  readonly status: 400 | 403 | 429 | 503;
  /** Engine.IO's number for it. */
  readonly code: number;
  readonly message: string;
}

export const refusals = {
  notWebsocket: { status: 400, code: 0, message: 'Transport unknown: connect with transports: ["websocket"]' },
  hasId: { status: 400, code: 1, message: 'Session ID unknown' },
  origin: { status: 403, code: 4, message: 'This origin may not connect' },
  oldProtocol: { status: 400, code: 5, message: 'Unsupported protocol version: Engine.IO 4 is spoken here' },
  tooMany: { status: 429, code: 3, message: 'Too many connections from this address' },
  closed: { status: 503, code: 3, message: 'This node is shutting down' },
} as const satisfies Record<string, HandshakeRefusal>;

type Request = Pick<IncomingMessage, 'url' | 'headers'>;

/** The very path, with or without a slash at its end. Socket.IO itself would take all paths that begin with it. */
export function isFor(path: string, { url = '' }: Request): boolean {
  const pathname = url.split(/[?#]/, 1)[0];
  return pathname === path || pathname === `${path}/`;
}

/** Others may upgrade a connection to other protocols, such as `h2c`. */
export const wantsWebsocket = ({ headers }: Request): boolean => headers.upgrade?.toLowerCase() === 'websocket';

/** A request of a Socket.IO client that tries polling. Any other one may be for a route of the application. */
export const wantsPolling = (request: Request): boolean => queryOf(request).has('EIO');

/** What is wrong with the query of a websocket's handshake. */
export function queryRefusal(request: Request): HandshakeRefusal | undefined {
  const query = queryOf(request);
  // An id is that of a connection by polling, which would move to this websocket. None comes by polling.
  if (query.has('sid')) return refusals.hasId;
  if (query.get('transport') !== 'websocket') return refusals.notWebsocket;
  return query.get('EIO') === '4' ? undefined : refusals.oldProtocol;
}

const queryOf = ({ url = '' }: Request): URLSearchParams => new URLSearchParams(/^[^?#]*\?([^#]*)/.exec(url)?.[1]);
