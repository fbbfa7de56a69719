import { matchChannel, type ChannelName } from '@millrace/protocol';
import type { StreamOptions } from './stream.options.js';

type Retentions = Pick<StreamOptions, 'retentionMs' | 'channelRetentionMs'>;

/** How long the events of one channel are kept. */
export function retentionOf(channel: ChannelName, { retentionMs, channelRetentionMs }: Retentions): number {
  for (const [pattern, ownMs] of Object.entries(channelRetentionMs)) {
    if (matchChannel({ pattern, delivery: 'durable', events: {} }, channel)) return ownMs;
  }
  return retentionMs;
}

/** How long a partition is kept: it holds events of all channels. */
export function longestRetention({ retentionMs, channelRetentionMs }: Retentions): number {
  return Math.max(retentionMs, ...Object.values(channelRetentionMs));
}
