/** One event of a durable channel. `data` is JSON text, made once by the publisher. @publicApi */
export interface WireEvent {
  /** Its place in the channel: 1, 2, 3 … within an epoch. */
  readonly offset: number;
  /** Unique over all channels. */
  readonly id: string;
  /** Which of the contract’s events it is. */
  readonly type: string;
  /** When it was numbered, in ms since 1970. */
  readonly time: number;
  /** JSON text. */
  readonly data: string;
}

/** Server → client, `events`: events of one durable channel, in order, without a hole among them. @publicApi */
export interface EventsFrame {
  /** Name of the channel. */
  readonly channel: string;
  /** The life of the channel in which the offsets count. */
  readonly epoch: string;
  /** The offset before the first event. */
  readonly prev: number;
  /** One at least. */
  readonly events: readonly WireEvent[];
}

/** Server → client, `live`: events of one live channel. They have no offset. @publicApi */
export interface LiveFrame {
  /** Name of the channel. */
  readonly channel: string;
  /** One at least. */
  readonly events: readonly Omit<WireEvent, 'offset'>[];
}
