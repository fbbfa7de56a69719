import type { ChannelName } from '@millrace/protocol';
import type { LiveEvent } from '../core/stream-event.js';

/** Where events of live channels go: to whoever listens now. Implemented by the hub. */
export interface LiveSink {
  live(channel: ChannelName, event: LiveEvent): void;
}
