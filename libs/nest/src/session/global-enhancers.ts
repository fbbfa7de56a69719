import type { ApplicationConfig } from '@nestjs/core';
import { BootError } from '../core/boot-error.js';
import { LineLogger } from '../core/log/line-logger.js';

type Enhancers = Pick<
  ApplicationConfig,
  'getGlobalRequestGuards' | 'getGlobalRequestPipes' | 'getGlobalRequestInterceptors' | 'getGlobalRequestFilters'
>;

/**
 * A socket has no request, so Nest leaves global enhancers that are made for each request out here, without a word. A
 * guard that is not asked would let everybody in.
 *
 * @throws BootError when a global guard is request-scoped; other enhancers are only named in the log
 */
export function checkGlobalEnhancers(config: Enhancers): void {
  const guards = namesOf(config.getGlobalRequestGuards());
  if (guards.length > 0) {
    throw new BootError(
      `${guards.join(', ')} is a global guard and request-scoped: it would not be asked about commands and channels. ` +
        'Make it a singleton, or a guard of the controllers that need it',
    );
  }
  const others = [
    ...namesOf(config.getGlobalRequestPipes()),
    ...namesOf(config.getGlobalRequestInterceptors()),
    ...namesOf(config.getGlobalRequestFilters()),
  ];
  if (others.length === 0) return;
  new LineLogger().warn(`${others.join(', ')} is global and request-scoped: it does not apply to commands`);
}

const namesOf = (enhancers: readonly { readonly metatype: unknown }[]): string[] =>
  enhancers.map(({ metatype }) => (typeof metatype === 'function' ? metatype.name : String(metatype)));
