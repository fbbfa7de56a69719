import type { Server } from 'socket.io';

/** What Socket.IO makes the adapter of a namespace of. */
export type AdapterClass = Exclude<Parameters<Server['adapter']>[0], undefined>;
