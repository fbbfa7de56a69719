import type { ControlFrame, EventsFrame, LiveFrame } from '@millrace/protocol';
import type { RoomEmitter } from '../room-emitter.port.js';

export type RoomFrame =
  | { readonly kind: 'events'; readonly frame: EventsFrame }
  | { readonly kind: 'live'; readonly frame: LiveFrame }
  | { readonly kind: 'control'; readonly frame: ControlFrame };

/** Rooms in memory: members get what is emitted while they are in. */
export class RecordingRooms implements RoomEmitter {
  readonly emitted: RoomFrame[] = [];
  readonly #members = new Map<string, Set<(frame: RoomFrame) => void>>();

  join(room: string, member: (frame: RoomFrame) => void): void {
    this.#members.set(room, (this.#members.get(room) ?? new Set()).add(member));
  }

  leave(room: string, member: (frame: RoomFrame) => void): void {
    this.#members.get(room)?.delete(member);
  }

  size(room: string): number {
    return this.#members.get(room)?.size ?? 0;
  }

  events(room: string, frame: EventsFrame): void {
    this.#emit(room, { kind: 'events', frame });
  }

  live(room: string, frame: LiveFrame): void {
    this.#emit(room, { kind: 'live', frame });
  }

  control(room: string, frame: ControlFrame): void {
    this.#emit(room, { kind: 'control', frame });
  }

  #emit(room: string, frame: RoomFrame): void {
    this.emitted.push(frame);
    for (const member of this.#members.get(room) ?? []) member(frame);
  }
}
