import { io, type Socket } from 'socket.io-client';

/** A client of the application's own gateway `/lobby`, on plain Socket.IO. */
export class LobbyGuest {
  readonly called: string[] = [];
  readonly #socket: Socket;

  private constructor(url: string) {
    this.#socket = io(`${url}/lobby`, { transports: ['websocket'], reconnection: false, forceNew: true });
    this.#socket.on('called', (text: string) => void this.called.push(text));
  }

  static async at(url: string, ...rooms: readonly string[]): Promise<LobbyGuest> {
    const guest = new LobbyGuest(url);
    for (const room of rooms) await guest.ask('enter', room);
    return guest;
  }

  get isConnected(): boolean {
    return this.#socket.connected;
  }

  /** What a handler of the gateway answers. */
  ask<T = string>(name: string, body: unknown): Promise<T> {
    return this.#socket.timeout(6_000).emitWithAck(name, body) as Promise<T>;
  }

  leave(): void {
    this.#socket.disconnect();
  }
}
