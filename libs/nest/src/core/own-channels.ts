import type { ChannelName } from '@millrace/protocol';

/** The channel of withdrawals: whoever emits events has to know how far it has come. */
export const ACCESS_CHANNEL = '_millrace.access';

/** Whether a channel is Millrace's own. No policy is asked about it, whatever its pattern says. */
export const isOwnChannel = (channel: ChannelName): boolean => channel.startsWith('_millrace.');
