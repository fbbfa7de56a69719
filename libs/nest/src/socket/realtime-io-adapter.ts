import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import { SharedRooms } from './shared-rooms.js';

/**
 * Nest's adapter for Socket.IO, for gateways of your own whose rooms are to reach over all nodes, by the Redis of
 * Millrace's option `redis`: `to(room).emit`, `socketsJoin`, `socketsLeave`, `disconnectSockets`, `fetchSockets`.
 * Everything else, and all of it without `redis`, is as with `IoAdapter`. Extend it to set options of your own:
 *
 * ```ts
 * app.useWebSocketAdapter(new RealtimeIoAdapter(app));
 * ```
 *
 * Millrace's own clients do not need it: they have a server of their own, whatever adapter the application uses.
 *
 * @publicApi
 */
export class RealtimeIoAdapter extends IoAdapter {
  readonly #rooms: SharedRooms;

  /** @param app an application that imports `MillraceModule.forRoot()`; Nest throws when it does not */
  constructor(app: INestApplicationContext) {
    super(app);
    this.#rooms = app.get(SharedRooms, { strict: false });
  }

  /** Called by Nest for the gateways of one port. */
  override createIOServer(port: number, options?: ServerOptions): Server {
    const server = super.createIOServer(port, options);
    this.#rooms.share(server);
    return server;
  }
}
