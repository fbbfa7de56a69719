import type { ControlFrame, EventsFrame, LiveFrame } from '@millrace/protocol';

/** What a node can say to the sessions in a room. Implemented by the session stage on Socket.IO. */
export interface RoomEmitter {
  /** Encoded once, sent to every local session in `room`. */
  events(room: string, frame: EventsFrame): void;
  /** To those of the other nodes too, where nodes are connected by Redis. */
  live(room: string, frame: LiveFrame): void;
  /** How many local sessions are in `room`; must cost the same for a large one. */
  size(room: string): number;
  /** To every local session in `room`. */
  control(room: string, frame: ControlFrame): void;
}
