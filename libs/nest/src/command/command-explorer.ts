import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { BootError } from '../core/boot-error.js';
import { checkEnhancers, entryClassOf, isMadeOnce, type EntryClass } from '../session/entry-class.js';
import { commandMetadata, isGateway, type CommandMetadata } from './command.metadata.js';
import { CommandHandler, type CommandHandlerParts } from './command-handler.js';
import { CommandParameters } from './command-parameters.js';
import type { CommandRoute } from './command-route.js';

/** 24 days: whoever asks for more has mistaken the unit. */
const MAX_DEADLINE_MS = 2 ** 31 - 1;

interface Found {
  readonly place: string;
  readonly handler: CommandHandler;
}

/** Finds the methods under `@Command()` and binds each; what is put together wrongly stops the boot. */
export class CommandExplorer {
  readonly #scanner = new MetadataScanner();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly route: CommandRoute,
    private readonly parts: CommandHandlerParts,
  ) {}

  bind(): void {
    const found = new Map<string, Found>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      for (const { place, handler } of this.#handlersOf(wrapper)) {
        const { name } = handler.metadata;
        const other = found.get(name);
        if (other) throw new BootError(`${twice(other.place, place)} the command "${name}"; it can have one handler`);
        found.set(name, { place, handler });
      }
    }
    this.route.register([...found.values()].map(({ handler }) => handler));
  }

  #handlersOf(wrapper: InstanceWrapper): Found[] {
    const gateway = entryClassOf(wrapper);
    if (!gateway) return [];
    return this.#scanner.getAllMethodNames(gateway.prototype).flatMap((name) => {
      const metadata = commandMetadata((gateway.prototype as Record<string, object>)[name] ?? {});
      if (!metadata) return [];
      checkPlace(wrapper, gateway, name, metadata);
      const parameters = CommandParameters.read({ gateway, name, inTransaction: metadata.transaction !== false });
      const instance = wrapper.instance as object;
      const handler = new CommandHandler({ instance, name, metadata, parameters }, this.parts);
      return [{ place: `${gateway.name}.${name}`, handler }];
    });
  }
}

function checkPlace(wrapper: InstanceWrapper, gateway: EntryClass, name: string, metadata: CommandMetadata): void {
  const place = `${gateway.name}.${name}`;
  if (!isGateway(gateway)) {
    throw new BootError(`${place} is under @Command(), but its class is not under @Gateway()`);
  }
  if (!isMadeOnce(wrapper)) {
    throw new BootError(
      `${place} handles a command, but ${gateway.name}, something that it depends on or one of its guards, pipes, ` +
        'interceptors and filters is request-scoped or transient: a class under @Gateway() must be a singleton',
    );
  }
  checkEnhancers(wrapper, gateway);
  const { deadlineMs = 1 } = metadata;
  if (!(deadlineMs >= 1 && deadlineMs <= MAX_DEADLINE_MS)) {
    throw new BootError(`The deadlineMs of ${place} is ${deadlineMs}; it must be between 1 and ${MAX_DEADLINE_MS}`);
  }
}

function twice(one: string, other: string): string {
  return one === other ? `${one} is provided twice and takes both times` : `${one} and ${other} both take`;
}
