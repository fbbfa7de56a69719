import type { DiscoveryService } from '@nestjs/core';
import { BootError } from '../core/boot-error.js';
import { SessionGateway } from './session.gateway.js';

/**
 * A second Millrace in one application would take the path of the first, and each handler would be there for both.
 *
 * @throws BootError
 */
export function checkSingle(discovery: Pick<DiscoveryService, 'getProviders'>): void {
  if (discovery.getProviders().filter(({ metatype }) => metatype === SessionGateway).length <= 1) return;
  throw new BootError(
    'MillraceModule.forRoot() or forRootAsync() is called more than once: import it once, its providers are global',
  );
}
