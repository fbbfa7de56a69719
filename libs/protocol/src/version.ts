/**
 * Version of the wire contract. It is sent in the handshake; a server refuses a version it does not speak with
 * `PROTOCOL_UNSUPPORTED`. A change of anything that crosses the wire needs a line in `docs/protocol.md`.
 *
 * @publicApi
 */
export const PROTOCOL_VERSION = 1;

/** Path of the Socket.IO server that carries the protocol, unless the application changed it. @publicApi */
export const DEFAULT_PATH = '/realtime';

/** The Socket.IO namespace that carries the protocol. @publicApi */
export const NAMESPACE = '/realtime';
