import { randomUUID } from 'node:crypto';

/** Unique ids as a port: events, sessions, log references. */
export interface Ids {
  next(): string;
}

export const randomIds: Ids = { next: () => randomUUID() };
