import type { ChannelContract } from '@millrace/protocol';
import { isOwnContract } from '../core/own-channels.js';
import type { ChannelRegistry } from './channel-registry.js';
import { LineLogger } from '../core/log/line-logger.js';

/** Says of each contract, once, that events go out on channels to which nobody can subscribe: a policy was forgotten. */
export class UnheardChannels {
  readonly #logger = new LineLogger();
  readonly #seen = new WeakSet<ChannelContract>();

  constructor(private readonly channels: Pick<ChannelRegistry, 'has'>) {}

  published(contract: ChannelContract): void {
    if (this.#seen.has(contract) || isOwnContract(contract)) return;
    this.#seen.add(contract);
    if (this.channels.has(contract)) return;
    this.#logger.warn(
      `Events are published on "${contract.pattern}", but no class is under @ChannelPolicy() for it: nobody can subscribe`,
    );
  }
}
