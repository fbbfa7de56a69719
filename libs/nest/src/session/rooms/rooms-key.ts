import { PROTOCOL_VERSION } from '@millrace/protocol';
import { roomsPattern } from '../../redis/redis-rules.js';

/** The names of the Redis channels over which the nodes of one installation sync their rooms. */
export interface RoomsKey {
  /** Begins those of the application's namespaces. */
  readonly shared: string;
  /**
   * Begins those of Millrace's own server. Its rooms are sent frames, which clients of another version of the protocol
   * cannot read; and a gateway of the application may have a namespace of the same name.
   */
  readonly own: string;
  /**
   * What a node subscribes to for its rooms. It fits no other channel, not the `-request` and `-response` ones of rooms
   * either: what came twice would count as said again.
   */
  readonly pattern: string;
}

export const roomsKey = (prefix: string, installation: string): RoomsKey => ({
  shared: `${prefix}:${installation}:sealed:rooms`,
  own: `${prefix}:${installation}:sealed:${PROTOCOL_VERSION}:rooms`,
  pattern: roomsPattern(prefix),
});
