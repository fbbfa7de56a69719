import { type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { DiscoveryService, ModulesContainer } from '@nestjs/core';
import { policyContract } from './channel/channel.metadata.js';
import { isGateway } from './command/command.metadata.js';
import type { Clock } from './core/clock.js';
import { Rounds } from './core/rounds.js';
import { entryClassOf } from './session/entry-class.js';
import { LineLogger } from './core/log/line-logger.js';

/** Soon enough for whoever tries a lazy module out, and a comparison of two numbers until there is one. */
const INTERVAL_MS = 2_000;

/**
 * Gateways and policies are bound at boot. Those of a module that `LazyModuleLoader` brings later are not, and without
 * this nobody would say why their commands are unknown: Nest tells nobody that a module was loaded.
 */
export class LateModules implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #rounds: Rounds;
  readonly #seen = new Set<unknown>();
  #modules = 0;

  constructor(
    private readonly discovery: Pick<DiscoveryService, 'getProviders'>,
    private readonly modules: Pick<ModulesContainer, 'size'>,
    clock: Clock,
  ) {
    this.#rounds = new Rounds(clock, INTERVAL_MS, async () => this.#look());
  }

  onApplicationBootstrap(): void {
    this.#modules = this.modules.size;
    for (const { type } of this.#entries()) this.#seen.add(type);
    this.#rounds.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.#rounds.stop();
  }

  #look(): void {
    if (this.modules.size === this.#modules) return;
    this.#modules = this.modules.size;
    for (const { type, role } of this.#entries()) {
      if (this.#seen.has(type)) continue;
      this.#seen.add(type);
      new LineLogger().error(
        `${type.name} is under ${role}, but its module was loaded after the boot, so it is not bound and clients are ` +
          'refused: import the module instead of loading it with LazyModuleLoader',
      );
    }
  }

  #entries() {
    return this.discovery.getProviders().flatMap((wrapper) => {
      const type = entryClassOf(wrapper);
      if (!type) return [];
      if (isGateway(type)) return [{ type, role: '@Gateway()' }];
      return policyContract(type) ? [{ type, role: '@ChannelPolicy()' }] : [];
    });
  }
}
