import { SetMetadata } from '@nestjs/common';
import type { ChannelContract } from '@millrace/protocol';
import { markInjectable } from '../core/mark-injectable.js';
import { CHANNEL_POLICY_METADATA } from './channel.metadata.js';

/**
 * Marks a provider that says who may subscribe to the channels of `contract`; it implements {@link Policy}. Ordinary
 * Nest guards apply to it: their `switchToWs().getData()` is `{ channel, params }`, the pattern is the channel's name.
 * It must be a singleton. Without a policy nobody can subscribe.
 *
 * @publicApi
 */
export function ChannelPolicy(contract: ChannelContract): ClassDecorator {
  return (target) => {
    markInjectable(target);
    SetMetadata(CHANNEL_POLICY_METADATA, contract)(target);
  };
}
