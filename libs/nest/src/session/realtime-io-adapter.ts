import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Server, type ServerOptions } from 'socket.io';
import type { Recorder } from '../telemetry/recorder.js';
import { isOriginAllowed } from './origin.js';
import { handshakesRefused } from './session.metrics.js';
import type { SessionOptions } from './session.options.js';

/**
 * The Socket.IO server behind all gateways of the application, Millrace's and the user's own. Websocket only: polling
 * needs a sticky load balancer and buys nothing.
 */
export class RealtimeIoAdapter extends IoAdapter {
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
      maxHttpBufferSize: this.options.maxFrameBytes,
      // Compression would undo the frame that is encoded once and shared by a room.
      perMessageDeflate: false,
      allowRequest: (request, decide) => this.#decide(request, decide),
    };
    // The HTTP server exists only after the providers, so it cannot be a constructor's argument.
    if (port === 0) return new Server(this.host.httpAdapter.getHttpServer() as HttpServer, resolved);
    return new Server(port, resolved);
  }

  #decide(request: IncomingMessage, decide: (error: string | null, ok: boolean) => void): void {
    const allowed = isOriginAllowed(request.headers, this.options.allowedOrigins);
    if (!allowed) this.recorder.count(handshakesRefused, { reason: 'origin' });
    decide(allowed ? null : 'This origin may not connect', allowed);
  }
}
