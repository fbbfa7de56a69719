import type { DynamicModule } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { BootError } from './core/boot-error.js';
import { NODE_OPTIONS } from './internal-constants.js';
import { Ring } from './ring.js';
import { WorkerRing } from './worker-ring.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;

/**
 * Two Millrace modules in one container have two databases with a transaction each: which `ChannelPublisher` a class gets
 * would decide whether its events belong to the handler's transaction. Called when one is made, so before any hook, and
 * for one that is loaded later too.
 *
 * @throws BootError
 */
export function checkOneMillrace(modules: ReadonlyMap<string, NestModule>): void {
  const all = [...modules.values()];
  const nodes = all.filter(({ providers }) => providers.has(Ring));
  const plain = nodes.filter(({ providers }) => !providers.has(NODE_OPTIONS));
  const publishers = all.filter(({ providers }) => providers.has(WorkerRing));
  const importersOf = (ours: readonly NestModule[]): string => {
    const names = all.filter((one) => ours.some((module) => imports(one, module))).map(({ name }) => name);
    return names.length > 0 ? ` (in ${[...new Set(names)].join(', ')})` : '';
  };
  if (plain.length > 0) {
    throw new BootError(
      `MillraceModule is imported without options${importersOf(plain)}: import MillraceModule.forRoot() or ` +
        'forRootAsync() once, in the root module, and remove it elsewhere, because its providers are global',
    );
  }
  if (nodes.length > 0 && publishers.length > 0) {
    throw new BootError(
      `forRoot()${importersOf(nodes)} and forPublisher()${importersOf(publishers)} of MillraceModule are in one ` +
        'application: remove forPublisher(), because forRoot() publishes too and its providers are global',
    );
  }
  const [method, several] = nodes.length > 0 ? ['forRoot() or forRootAsync()', nodes] : ['forPublisher()', publishers];
  if (several.length < 2) return;
  throw new BootError(
    `MillraceModule.${method} is called more than once${importersOf(several)}: import it once, because its providers are ` +
      'global. A second installation needs an application of its own',
  );
}

/** As its decorator says: Nest itself counts a global module among the imports of every other one. */
function imports({ metatype }: NestModule, module: NestModule): boolean {
  const given = (Reflect.getMetadata('imports', metatype) ?? []) as readonly unknown[];
  const isPlain = module.providers.has(Ring) && !module.providers.has(NODE_OPTIONS);
  return given.some((one) => (isDynamic(one) ? !isPlain && one.module === module.metatype : one === module.metatype));
}

const isDynamic = (one: unknown): one is DynamicModule => typeof one === 'object' && one !== null && 'module' in one;
