import type { Server } from 'socket.io';
import type { AdapterClass } from './adapter-class.js';

/** The Socket.IO servers of the application whose rooms reach over all nodes, because it asked for that. */
export class SharedRooms {
  readonly #servers = new Set<Server>();
  #rooms: AdapterClass | undefined;

  /** Before anybody is in a room: the gateways are there earlier than the database. */
  syncRooms(rooms: AdapterClass): void {
    this.#rooms = rooms;
    for (const server of this.#servers) server.adapter(rooms);
  }

  share(server: Server): void {
    this.#servers.add(server);
    if (this.#rooms) server.adapter(this.#rooms);
  }
}
