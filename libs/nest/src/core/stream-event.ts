import type { ChannelName, Epoch, Offset } from '@millrace/protocol';

/** Why an event exists: the trail from an intent to what it changed. Kept with the event, never sent to subscribers. */
export interface Cause {
  readonly commandId?: string;
  readonly principal?: string;
  /** W3C `traceparent` of the span that published. */
  readonly trace?: string;
}

/** An event that has no offset yet. `data` is JSON text. */
export interface NewEvent {
  readonly channel: ChannelName;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly cause?: Cause;
  /** Publishing twice with one key on one channel stores one event. */
  readonly key?: string;
}

/** An event of a durable channel, numbered. */
export interface StreamEvent {
  readonly offset: Offset;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  /** When it was numbered, in ms since 1970; never falls along a channel. */
  readonly time: number;
}

/** An event of a live channel: it has no place. */
export type LiveEvent = Omit<StreamEvent, 'offset'>;

/** Where an event came to stand. */
export interface Placed {
  readonly id: string;
  readonly epoch: Epoch;
  readonly offset: Offset;
}

/** Consecutive events of one channel. `prev` and `prevId` name the event before the first one (0 and '' at the start). */
export interface EventBatch {
  readonly channel: ChannelName;
  readonly epoch: Epoch;
  readonly prev: Offset;
  readonly prevId: string;
  readonly events: readonly StreamEvent[];
  /**
   * The newest withdrawal of access that was numbered before or together with these events. Nothing of the batch goes to
   * a session before a node has carried it out. Absent when nobody knows.
   */
  readonly access?: Placed;
}
