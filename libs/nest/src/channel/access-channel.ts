import { channelName, defineChannel, event, type ChannelName } from '@millrace/protocol';

/**
 * Whose access is withdrawn, at least one of the two; what is left out matches all.
 *
 * @publicApi
 */
export interface Revocation {
  /** The principal's `subject`. */
  readonly subject?: string;
  /** One channel, by its name. */
  readonly channel?: ChannelName;
}

/** Every node follows it, and no client can: its name is {@link isOwnChannel}. */
export const accessChannel = defineChannel('_millrace.access', {
  delivery: 'durable',
  events: { 'access.revoked': event<Revocation>() },
});

export const accessChannelName = channelName(accessChannel, {});

/** Whether a channel is Millrace's own. No policy is asked about it, whatever its pattern says. */
export const isOwnChannel = (channel: ChannelName): boolean => channel.startsWith('_millrace.');
