import type { ControlFrame, EventsFrame, LiveFrame } from '@millrace/protocol';

/** What a node can say to the local sessions in a room. Implemented by the session stage on Socket.IO. */
export interface RoomEmitter {
  /** Encoded once, sent to every local session in `room`. */
  events(room: string, frame: EventsFrame): void;
  live(room: string, frame: LiveFrame): void;
  control(room: string, frame: ControlFrame): void;
}
