import type { ChannelContract, ChannelName, EventContracts } from '@millrace/protocol';

/** The channel of withdrawals: whoever emits events has to know how far it has come. */
export const ACCESS_CHANNEL = '_millrace.access';

const OWN = '_millrace';
const ownContracts = new WeakSet<ChannelContract>();

/** Whether a channel is Millrace's own. No policy is asked about it, whatever its pattern says. */
export const isOwnChannel = (channel: ChannelName): boolean => channel === OWN || channel.startsWith(`${OWN}.`);

/** For nodes alone: nobody else can declare, name or publish on a channel whose name begins so. */
export function ownChannel<const Pattern extends `${typeof OWN}.${string}`, Events extends EventContracts>(
  pattern: Pattern,
  events: Events,
): ChannelContract<Pattern, Events, 'durable'> {
  const contract = { pattern, delivery: 'durable', events } as const;
  ownContracts.add(contract);
  return contract;
}

/** Whether it was made here: the same text in another contract gives no right to these channels. */
export const isOwnContract = (contract: ChannelContract): boolean => ownContracts.has(contract);
