import { EventEmitter } from 'node:events';
import type { ControlFrame } from '@millrace/protocol';
import type { Socket } from 'socket.io';

/** As much of a Socket.IO socket as a session touches, and the client's end of it. */
export class FakeSocket {
  readonly id: string;
  readonly told: ControlFrame[] = [];
  readonly rooms = new Set<string>();
  readonly tcp = {
    writableLength: 0,
    bytesWritten: 0,
    destroyed: false,
    destroy(): void {
      this.destroyed = true;
    },
  };
  readonly conn = {
    readyState: 'open',
    writeBuffer: [] as { data?: string | Buffer }[],
    request: { socket: this.tcp },
    close: () => this.#end('forced close'),
  };
  connected = true;
  readonly #events = new EventEmitter();
  readonly #any: ((...args: unknown[]) => void)[] = [];

  constructor(id = 'socket-1') {
    this.id = id;
  }

  get asSocket(): Socket {
    return this as unknown as Socket;
  }

  emit(name: string, frame: ControlFrame): void {
    if (name === 'control') this.told.push(frame);
  }

  onAny(listener: (...args: unknown[]) => void): void {
    this.#any.push(listener);
  }

  once(name: string, listener: (...args: unknown[]) => void): void {
    this.#events.once(name, listener);
  }

  join(room: string): void {
    this.rooms.add(room);
  }

  leave(room: string): void {
    this.rooms.delete(room);
  }

  disconnect(): void {
    this.#end('server namespace disconnect');
  }

  /** What the client sends. */
  receive(name: string, ...args: unknown[]): void {
    for (const listener of this.#any) listener(name, ...args);
  }

  /** The connection breaks. */
  drop(reason: string): void {
    this.#end(reason);
  }

  #end(reason: string): void {
    if (!this.connected) return;
    this.connected = false;
    this.conn.readyState = this.conn.writeBuffer.length > 0 ? 'closing' : 'closed';
    this.#events.emit('disconnect', reason);
  }
}
