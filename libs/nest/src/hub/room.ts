import type { ChannelName } from '@millrace/protocol';

/** Rooms share their name space with socket ids and with rooms of the application, hence the prefix. */
export const roomOf = (channel: ChannelName): string => `channel:${channel}`;
