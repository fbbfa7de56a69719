import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { safely } from '../core/safely.js';
import { readAsOrdinary } from './ordinary-request.js';

/** Sees what happens on an HTTP server first; what it takes, nobody else sees. */
export interface DoorKeeper {
  takesUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  takesRequest(request: IncomingMessage, response: ServerResponse): boolean;
  /** Hears of it, without a listener: with one, an error that nobody handles would pass unnoticed. */
  seesError(error: unknown): void;
}

/**
 * A place before all listeners of an application's HTTP server, whenever they were added. Listeners of `upgrade` do not
 * expect company: Nest's `WsAdapter`, `ws` and Socket.IO end every connection that is not theirs. So the keeper takes
 * its own requests before they are emitted, and all others reach the application as they would without it.
 */
export class HttpDoor {
  constructor(
    private readonly http: Server,
    private readonly keeper: DoorKeeper,
  ) {}

  open(): void {
    const { http } = this;
    const emit = http.emit.bind(http) as (name: string | symbol, ...args: unknown[]) => boolean;
    http.emit = ((name: string | symbol, ...args: unknown[]) =>
      this.#isTaken(name, args) || emit(name, ...args)) as Server['emit'];
    // Without any listener Node reads an upgrade as an ordinary request, and would not emit it.
    const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (http.listenerCount('upgrade') === 1) readAsOrdinary(http, request, socket, head);
    };
    http.on('upgrade', safely('An upgrade', upgrade));
  }

  /** What the keeper fails at is nobody else's either: half of it may have happened. */
  #takesUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    let isTaken = true;
    safely('A handshake', () => {
      try {
        isTaken = this.keeper.takesUpgrade(request, socket, head);
      } catch (error) {
        socket.destroy();
        throw error;
      }
    })();
    return isTaken;
  }

  #takesRequest(request: IncomingMessage, response: ServerResponse): boolean {
    let isTaken = false;
    safely('A request', () => (isTaken = this.keeper.takesRequest(request, response)))();
    return isTaken;
  }

  #isTaken(name: string | symbol, args: readonly unknown[]): boolean {
    switch (name) {
      case 'upgrade':
        return this.#takesUpgrade(...(args as [IncomingMessage, Duplex, Buffer]));
      case 'request':
        return this.#takesRequest(...(args as [IncomingMessage, ServerResponse]));
      case 'error':
        this.keeper.seesError(args[0]);
        return false;
      default:
        return false;
    }
  }
}
