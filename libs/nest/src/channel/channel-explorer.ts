import { ROUTE_ARGS_METADATA } from '@nestjs/common/internal';
import { DiscoveryService } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { BootError } from '../core/boot-error.js';
import { checkEnhancers, entryClassOf, isMadeOnce } from '../session/entry-class.js';
import type { NestInvoker } from '../session/nest-invoker.js';
import { BoundPolicy } from './bound-policy.js';
import { policyContract } from './channel.metadata.js';
import type { ChannelRegistry } from './channel-registry.js';
import type { Policy } from './policy.js';

/** Finds the classes under `@ChannelPolicy()` and binds each; what is put together wrongly stops the boot. */
export class ChannelExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly registry: ChannelRegistry,
    private readonly invoker: NestInvoker,
  ) {}

  bind(): void {
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const policy = this.#policyOf(wrapper);
      if (policy) this.registry.add(policy);
    }
  }

  #policyOf(wrapper: InstanceWrapper): BoundPolicy | undefined {
    const type = entryClassOf(wrapper);
    const contract = type && policyContract(type);
    if (!contract) return undefined;
    if (!isMadeOnce(wrapper)) {
      throw new BootError(
        `${type.name}, something that it depends on or one of its guards, pipes, interceptors and filters is ` +
          'request-scoped or transient; a class under @ChannelPolicy() must be a singleton',
      );
    }
    checkEnhancers(wrapper, type);
    const policy = wrapper.instance as Partial<Policy>;
    if (typeof policy.subscribe !== 'function') {
      throw new BootError(`${type.name} is under @ChannelPolicy() but has no method subscribe()`);
    }
    for (const method of ['subscribe', 'history']) {
      if (!Reflect.hasMetadata(ROUTE_ARGS_METADATA, type, method)) continue;
      throw new BootError(
        `${type.name}.${method} has decorated parameters; a policy gets the principal and the channel's parameters`,
      );
    }
    return new BoundPolicy(contract, policy as Policy, this.invoker);
  }
}
