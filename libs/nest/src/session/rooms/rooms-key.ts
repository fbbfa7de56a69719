import { NAMESPACE, PROTOCOL_VERSION } from '@millrace/protocol';

/** Begins the names of the Redis channels over which the nodes of one installation sync their rooms. */
export const roomsKey = (prefix: string, installation: string): string => `${prefix}:${installation}:rooms`;

/** Rooms of Millrace's own namespace are sent frames, which clients of another version of the protocol cannot read. */
export const roomsKeyOf = (namespace: string, key: string): string =>
  namespace === NAMESPACE ? `${key}:${PROTOCOL_VERSION}` : key;
