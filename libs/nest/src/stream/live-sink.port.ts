import type { ChannelName } from '@millrace/protocol';
import type { StreamEvent } from '../core/stream-event.js';

export type LiveEvent = Omit<StreamEvent, 'offset'>;

/** Where events of live channels go: to whoever listens now. Implemented by the hub. */
export interface LiveSink {
  live(channel: ChannelName, event: LiveEvent): void;
}
