import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { NAMESPACE } from '@millrace/protocol';
import { Server, type Namespace } from 'socket.io';
import type { Clock } from '../core/clock.js';
import { safely } from '../core/safely.js';
import { inTime } from '../core/in-time.js';
import type { Peer } from '../limits/client-address.js';
import type { ConnectLimits } from '../limits/connect-limits.js';
import type { ConnectionGuards } from '../limits/connection-guards.js';
import type { GuardedConnection } from '../limits/guarded-connection.js';
import type { AdapterClass } from './adapter-class.js';
import {
  isFor,
  queryRefusal,
  refusals,
  wantsPolling,
  wantsWebsocket,
  type HandshakeRefusal,
} from './handshake-refusal.js';
import { HttpDoor, type DoorKeeper } from './http-door.js';
import { isOriginAllowed } from './origin.js';
import { bodyOf, refuseHandshake } from './refuse-handshake.js';
import { RefusedOrigins } from './refused-origins.js';
import type { SocketOptions } from './socket.options.js';

/** No client sends pieces of less than a few hundred bytes; each costs as much as a frame, and none is seen before the last. */
const MAX_FRAGMENTS = 256;

/** How long clients may take to answer the end of their websockets, before their connections are cut. */
const CLOSE_TIMEOUT_MS = 1_000;

export interface RealtimeServerParts {
  readonly options: SocketOptions;
  readonly clock: Clock;
  /** Who may open a connection. */
  readonly connects: Pick<ConnectLimits, 'mayOpen' | 'wasCut'>;
  /** Count what comes on each connection. */
  readonly guards: Pick<ConnectionGuards, 'watch'>;
  /** Counts what was refused before anything of it was read. */
  readonly onRefused: (reason: 'origin' | 'rate') => void;
}

/**
 * Millrace's own Socket.IO server, on a path of its own of the application's HTTP server. Whatever gateways the
 * application has are served by another one, with their own options. Websocket only: polling needs a sticky load
 * balancer and buys nothing. There is one namespace; into the root one, where Socket.IO lets anybody, nobody comes.
 */
export class RealtimeServer {
  readonly #io: Server;
  readonly #refusedOrigins: RefusedOrigins;
  readonly #connections = new Set<Duplex>();
  #closed: Promise<void> | undefined;

  constructor(private readonly parts: RealtimeServerParts) {
    const { options, clock, connects, guards, onRefused } = parts;
    // Socket.IO wants an HTTP server, to listen on and to close: it gets one that never listens.
    this.#io = new Server(createServer(), {
      serveClient: false,
      transports: ['websocket'],
      // Who knows the id of a connection could move it to one of his own.
      allowUpgrades: false,
      pingInterval: options.heartbeatIntervalMs,
      pingTimeout: options.heartbeatTimeoutMs,
      // Whoever is in no namespace by then is nobody's: authentication has had its time, and the client as much.
      connectTimeout: 2 * options.authenticateTimeoutMs,
      maxHttpBufferSize: options.maxFrameBytes,
      // Compression would undo the frame that is encoded once and shared by a room.
      perMessageDeflate: false,
    });
    this.#refusedOrigins = new RefusedOrigins(clock);
    boundFragments(this.#io.engine);
    this.#io.engine.on(
      'connection',
      safely('A new connection', (connection: GuardedConnection) => {
        guards.watch(connection, () => {
          onRefused('rate');
          connects.wasCut(peerOf(connection.request));
        });
      }),
    );
    this.#io.use((_socket, next) => next(new Error('Invalid namespace')));
  }

  get namespace(): Namespace {
    return this.#io.of(NAMESPACE);
  }

  /** From now on rooms are kept by `rooms`; those that there were are forgotten. */
  syncRooms(rooms: AdapterClass): void {
    this.#io.adapter(rooms);
  }

  /** From now on clients come in through this HTTP server. `onError` hears of its errors. */
  attach(http: HttpServer, onError: (error: unknown) => void = () => {}): void {
    const keeper: DoorKeeper = {
      takesUpgrade: (...handshake) => this.#takesUpgrade(...handshake),
      takesRequest: (...exchange) => this.#takesRequest(...exchange),
      seesError: onError,
    };
    new HttpDoor(http, keeper).open();
  }

  #takesUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (!isFor(this.parts.options.path, request) || !wantsWebsocket(request)) return false;
    const refusal = this.#refusalOf(request);
    if (refusal) {
      refuseHandshake(socket, refusal);
      return true;
    }
    this.#connections.add(socket);
    socket.once(
      'close',
      safely('The end of a connection', () => this.#connections.delete(socket)),
    );
    this.#io.engine.handleUpgrade(request, socket, head);
    return true;
  }

  /** The application may have routes below the path; only those who try polling are told. */
  #takesRequest(request: IncomingMessage, response: ServerResponse): boolean {
    if (!isFor(this.parts.options.path, request) || !wantsPolling(request)) return false;
    const refusal = refusals.notWebsocket;
    response.writeHead(refusal.status, { 'Content-Type': 'application/json' }).end(bodyOf(refusal));
    return true;
  }

  /** Ends all connections, those that answer nothing after a while. The application's HTTP server is not closed. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const ended = [...this.#connections].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    await this.#io.close();
    await inTime(this.parts.clock, CLOSE_TIMEOUT_MS, Promise.all(ended));
    for (const socket of this.#connections) socket.destroy();
  }

  #refusalOf(request: IncomingMessage): HandshakeRefusal | undefined {
    if (this.#closed) return refusals.closed;
    const { headers } = request;
    if (isOriginAllowed(headers, this.parts.options.allowedOrigins)) {
      return queryRefusal(request) ?? (this.parts.connects.mayOpen(peerOf(request)) ? undefined : refusals.tooMany);
    }
    this.parts.onRefused('origin');
    this.#refusedOrigins.refused(headers.origin ?? '', headers.host);
    return refusals.origin;
  }
}

const peerOf = ({
  headers,
  socket,
}: Pick<IncomingMessage, 'headers'> & { socket: { remoteAddress?: string | undefined } }): Peer => ({
  headers,
  address: socket.remoteAddress,
});

/** Engine.IO hands none of these options on to the websocket server that it makes. */
function boundFragments(engine: unknown): void {
  const { ws } = engine as { ws?: { options?: { maxFragments?: number } } };
  if (ws?.options) ws.options.maxFragments = MAX_FRAGMENTS;
}
