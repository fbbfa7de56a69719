import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { BootError } from '../core/boot-error.js';
import { commandMetadata, isGateway } from './command.metadata.js';
import { CommandHandler, type CommandHandlerParts } from './command-handler.js';
import type { CommandRoute } from './command-route.js';
import { checkPayload } from './payload-check.js';

/** Finds the methods under `@Command()` and binds each; what is put together wrongly stops the boot. */
export class CommandExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly route: CommandRoute,
    private readonly parts: CommandHandlerParts,
  ) {}

  bind(): void {
    const handlers = new Map<string, CommandHandler>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      for (const handler of this.#handlersOf(wrapper)) {
        const { name } = handler.metadata;
        if (handlers.has(name)) throw new BootError(`Two handlers take the command "${name}"; it can have one`);
        handlers.set(name, handler);
      }
    }
    this.route.register([...handlers.values()]);
  }

  #handlersOf(wrapper: InstanceWrapper): CommandHandler[] {
    const { metatype } = wrapper;
    if (typeof metatype !== 'function' || wrapper.isAlias || wrapper.isNotMetatype) return [];
    const prototype = metatype.prototype as object | undefined;
    const names = commandMethods(prototype);
    if (names.length === 0) return [];
    if (!isGateway(metatype)) {
      throw new BootError(`${metatype.name}.${names[0]} is under @Command(), but its class is not under @Gateway()`);
    }
    if (!wrapper.isDependencyTreeStatic()) {
      throw new BootError(`${metatype.name} is request-scoped; a class under @Gateway() must be a singleton`);
    }
    return names.map((name) => {
      checkPayload(metatype, name);
      return new CommandHandler(wrapper.instance as object, name, metadataOf(prototype, name), this.parts);
    });
  }
}

const scanner = new MetadataScanner();

function commandMethods(prototype: object | undefined): string[] {
  if (!prototype) return [];
  return scanner
    .getAllMethodNames(prototype)
    .filter((name) => commandMetadata(methodOf(prototype, name)) !== undefined);
}

function metadataOf(prototype: object | undefined, name: string): NonNullable<ReturnType<typeof commandMetadata>> {
  const metadata = prototype && commandMetadata(methodOf(prototype, name));
  if (!metadata) throw new BootError(`${name} is not under @Command()`);
  return metadata;
}

function methodOf(prototype: object, name: string): object {
  return (prototype as Record<string, object>)[name] ?? {};
}
