import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Server, type Namespace, type ServerOptions, type Socket } from 'socket.io';
import { systemClock } from '../core/clock.js';
import type { Recorder } from '../telemetry/recorder.js';
import { boundNamespaceRequests, type Connection } from './namespace-requests.js';
import { isOriginAllowed } from './origin.js';
import { handshakesRefused } from './session.metrics.js';
import type { SessionOptions } from './session.options.js';

/** What Socket.IO makes the adapter of a namespace of. */
export type AdapterClass = Exclude<Parameters<Server['adapter']>[0], undefined>;

/**
 * The Socket.IO server behind all gateways of the application, Millrace's and the user's own. Websocket only: polling
 * needs a sticky load balancer and buys nothing. Socket.IO lets anybody into the root namespace, unauthenticated and
 * for as long as they like; here it takes a gateway there, or it is closed.
 */
export class RealtimeIoAdapter extends IoAdapter {
  readonly #withRootGateway = new WeakSet<Server>();
  readonly #servers = new Set<Server>();
  #rooms: AdapterClass | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly options: SessionOptions,
    private readonly recorder: Recorder,
  ) {
    super();
  }

  override createIOServer(port: number, options?: Partial<ServerOptions>): Server {
    const resolved: Partial<ServerOptions> = {
      serveClient: false,
      ...options,
      transports: ['websocket'],
      pingInterval: this.options.heartbeatIntervalMs,
      pingTimeout: this.options.heartbeatTimeoutMs,
      // Whoever is in no namespace by then is nobody's: authentication has had its time, and the client as much.
      connectTimeout: 2 * this.options.authenticateTimeoutMs,
      maxHttpBufferSize: this.options.maxFrameBytes,
      // Compression would undo the frame that is encoded once and shared by a room.
      perMessageDeflate: false,
      allowRequest: (request, decide) => this.#decide(request, decide),
    };
    // The HTTP server exists only after the providers, so it cannot be a constructor's argument.
    const server = new Server(port === 0 ? (this.host.httpAdapter.getHttpServer() as HttpServer) : port, resolved);
    this.#servers.add(server);
    if (this.#rooms) server.adapter(this.#rooms);
    server.engine.on('connection', (connection: Connection) =>
      boundNamespaceRequests(connection, systemClock, () => this.recorder.count(handshakesRefused, { reason: 'rate' })),
    );
    server.of('/').use((_socket, next) => {
      next(this.#withRootGateway.has(server) ? undefined : new Error('Invalid namespace'));
    });
    return server;
  }

  /** From now on rooms are kept by `rooms`. Before anybody is in one: the gateways are there earlier than the database. */
  syncRooms(rooms: AdapterClass): void {
    this.#rooms = rooms;
    for (const server of this.#servers) server.adapter(rooms);
  }

  /** Nest calls this once a gateway, with its namespace, or with the server for one in the root. */
  override bindClientConnect(server: Server | Namespace, callback: (socket: Socket) => void): void {
    if (!('server' in server)) this.#withRootGateway.add(server);
    else if (server.name === '/') this.#withRootGateway.add(server.server);
    server.on('connection', callback);
  }

  #decide(request: IncomingMessage, decide: (error: string | null, ok: boolean) => void): void {
    const allowed = isOriginAllowed(request.headers, this.options.allowedOrigins);
    if (!allowed) this.recorder.count(handshakesRefused, { reason: 'origin' });
    decide(allowed ? null : 'This origin may not connect', allowed);
  }
}
