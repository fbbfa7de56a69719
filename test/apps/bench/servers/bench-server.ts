/** What both servers can do, each in its own way. */
export type BenchServer = {
  url(): Promise<string>;
  /** Processor time so far, in µs. */
  cpu(): number;
  /** Bytes kept after a collection. */
  kept(): Promise<number>;
  /** Emits `bursts` bursts of `size` events at once to the subscribers of `room`. */
  emit(plan: { room: string; bursts: number; size: number; everyMs: number }): Promise<void>;
  /** Stores events for a while, `inFlight` at a time; returns how many. */
  publishFor(forMs: number, inFlight: number): Promise<number>;
  /** Commits a row and emits an event about it, `count` times; returns when each was committed. */
  commitFor(room: string, count: number, everyMs: number): Promise<[n: number, at: number][]>;
};
