import { PROTOCOL_VERSION } from '@millrace/protocol';

/** Begins the names of the Redis channels over which the nodes of one installation sync their rooms. */
export const roomsKey = (prefix: string, installation: string): string => `${prefix}:${installation}:sealed:rooms`;

/**
 * Those of Millrace's own server. Its rooms are sent frames, which clients of another version of the protocol cannot
 * read; and a gateway of the application may have a namespace of the same name.
 */
export const ownRoomsKey = (key: string): string => `${key}:${PROTOCOL_VERSION}`;
