/** One event of a durable channel. `data` is JSON text, made once by the publisher. @publicApi */
export interface WireEvent {
  readonly offset: number;
  readonly id: string;
  readonly type: string;
  /** When it was numbered, in ms since 1970. */
  readonly time: number;
  readonly data: string;
}

/** Server → client, `events`: events of one durable channel, in order, without a hole among them. @publicApi */
export interface EventsFrame {
  readonly channel: string;
  readonly epoch: string;
  /** The offset before the first event. */
  readonly prev: number;
  readonly events: readonly WireEvent[];
}

/** Server → client, `live`: events of one live channel. They have no offset. @publicApi */
export interface LiveFrame {
  readonly channel: string;
  readonly events: readonly Omit<WireEvent, 'offset'>[];
}
