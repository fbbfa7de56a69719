import type { ChannelContract } from '@millrace/protocol';

export const CHANNEL_POLICY_METADATA = 'millrace:channel-policy';

/** The contract that a class under `@ChannelPolicy()` decides about. */
export function policyContract(target: object): ChannelContract | undefined {
  return Reflect.getMetadata(CHANNEL_POLICY_METADATA, target) as ChannelContract | undefined;
}
