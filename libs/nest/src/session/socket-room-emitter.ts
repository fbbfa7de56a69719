import type { ControlFrame, EventsFrame, LiveFrame } from '@millrace/protocol';
import type { Namespace } from 'socket.io';
import type { RoomEmitter } from '../hub/room-emitter.port.js';

/**
 * Emits to the sockets of a room; Socket.IO encodes such a frame once for all of them. Durable events go to the local
 * ones, since every node has a hub; live ones to those of all nodes, as far as rooms are synced.
 */
export class SocketRoomEmitter implements RoomEmitter {
  #namespace: Namespace | undefined;
  #emitted: (frame: EventsFrame) => void = () => {};

  bind(namespace: Namespace): void {
    this.#namespace = namespace;
  }

  /** `listener` hears of each frame of durable events that was handed to the sockets of its room. */
  onEmitted(listener: (frame: EventsFrame) => void): void {
    this.#emitted = listener;
  }

  events(room: string, frame: EventsFrame): void {
    if (!this.#namespace) return;
    this.#namespace.local.to(room).emit('events', frame);
    this.#emitted(frame);
  }

  live(room: string, frame: LiveFrame): void {
    this.#namespace?.to(room).emit('live', frame);
  }

  size(room: string): number {
    return this.#namespace?.adapter.rooms.get(room)?.size ?? 0;
  }

  control(room: string, frame: ControlFrame): void {
    this.#namespace?.local.to(room).emit('control', frame);
  }
}
