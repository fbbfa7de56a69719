import { RequestMethod, type Type } from '@nestjs/common';
import { MODULE_PATH } from '@nestjs/common/internal';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { LineLogger } from './log/line-logger.js';

type Prefix = Pick<ApplicationConfig, 'getGlobalPrefixOptions' | 'setGlobalPrefixOptions'>;

/**
 * Keeps endpoints at the address that probes, scrapers and the proxy's deny rules know: a prefix is for the API of the
 * application. Called from `configure()`, which Nest runs after the application has set its prefix and before it makes
 * the routes. `below` also stands for everything below it.
 */
export function keepOutsidePrefix(
  config: Prefix,
  paths: { readonly exact: readonly string[]; readonly below?: string },
): void {
  const options = config.getGlobalPrefixOptions();
  const exact = paths.exact.map((path) => excluded(path, ''));
  const below = paths.below === undefined ? [] : [excluded(paths.below, '(?:/.*)?')];
  config.setGlobalPrefixOptions({ ...options, exclude: [...(options.exclude ?? []), ...exact, ...below] });
}

function excluded(given: string, rest: string) {
  const path = given.replace(/^\/+|\/+$/g, '');
  const pathRegex = new RegExp(`^/${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}${rest}/?$`, 'i');
  return { path, pathRegex, requestMethod: RequestMethod.ALL };
}

/** `RouterModule` names the module that it moves, so it is obeyed; but who runs the probes has to know. */
export function sayWhereRouted(modules: Pick<ModulesContainer, 'applicationId'>, module: Type): void {
  const path: unknown = Reflect.getMetadata(MODULE_PATH + modules.applicationId, module);
  if (typeof path !== 'string' || path === '' || path === '/') return;
  new LineLogger().warn(
    `The endpoints of ${module.name} are below ${path}, where RouterModule puts them: ` +
      'change the paths of probes and scrapers, and the deny rules of the proxy, accordingly',
  );
}
