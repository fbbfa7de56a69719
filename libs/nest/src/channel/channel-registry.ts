import { matchChannel, type ChannelContract, type ChannelName } from '@millrace/protocol';
import { BootError } from '../core/boot-error.js';
import { isOwnChannel } from '../core/own-channels.js';
import type { BoundPolicy } from './bound-policy.js';

export interface FoundChannel {
  readonly policy: BoundPolicy;
  readonly params: Readonly<Record<string, string>>;
}

/** The families of channels that have a policy. */
export class ChannelRegistry {
  readonly #policies: BoundPolicy[] = [];

  /** @throws BootError when a channel could belong to this family and to one that is there already */
  add(policy: BoundPolicy): void {
    for (const { contract } of this.#policies) {
      if (!overlap(contract.pattern, policy.contract.pattern)) continue;
      throw new BootError(
        `Two policies could decide about one channel: "${contract.pattern}" and "${policy.contract.pattern}". ` +
          'Keep one, or change a pattern so that no name matches both',
      );
    }
    this.#policies.push(policy);
  }

  get isEmpty(): boolean {
    return this.#policies.length === 0;
  }

  /** Whether anybody can be let into the channels of `contract`. */
  has(contract: ChannelContract): boolean {
    return this.#policies.some((policy) => policy.contract.pattern === contract.pattern);
  }

  find(channel: ChannelName): FoundChannel | undefined {
    if (isOwnChannel(channel)) return undefined;
    for (const policy of this.#policies) {
      const params = matchChannel(policy.contract, channel);
      if (params) return { policy, params };
    }
    return undefined;
  }
}

/** Whether there is a name that both patterns match. */
function overlap(one: string, other: string): boolean {
  const [left, right] = [one.split('.'), other.split('.')];
  return left.length === right.length && left.every((segment, index) => meets(segment, right[index] ?? ''));
}

const meets = (one: string, other: string): boolean => one === other || one.startsWith(':') || other.startsWith(':');
