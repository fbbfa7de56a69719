import type { ChannelName } from '@millrace/protocol';

/** Who listens on this node, as the hub needs to know them. Implemented by the channel stage. */
export interface Audience {
  /**
   * Too much is missing to be emitted to all: every subscriber of `channel` leaves its room at once and is told
   * `lagging`, each with a delay of its own, so that they do not all come back in the same moment.
   */
  lagging(channel: ChannelName): void;
}
