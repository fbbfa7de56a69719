import { channelName, event, type ChannelName } from '@millrace/protocol';
import { ownChannel } from '../../core/own-channels.js';
import type { HealthReport } from '../proof.js';

/** What a canary carries: how its node is, for those who can read the log and cannot ask it. */
export interface CanaryData {
  readonly health: HealthReport;
}

/** A channel for each node, so that canaries cost the other nodes nothing. No client can subscribe: its name is Millrace's own. */
export const canaryChannel = ownChannel('_millrace.canary.:node', {
  'canary.sent': event<CanaryData>(),
});

export const canaryChannelName = (node: string): ChannelName => channelName(canaryChannel, { node });

/** All names of canary channels lie between these two, in the order of the database: `/` comes after `.`. */
export const canaryNames = { from: '_millrace.canary.', to: '_millrace.canary/' } as const;

export const nodeOf = (channel: string): string => channel.slice(canaryNames.from.length);
