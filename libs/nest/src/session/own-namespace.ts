import type { DiscoveryService } from '@nestjs/core';
import { GATEWAY_METADATA, GATEWAY_OPTIONS, PORT_METADATA } from '@nestjs/websockets/internal';
import { NAMESPACE } from '@millrace/protocol';
import { BootError } from '../core/boot-error.js';
import { SessionGateway } from './session.gateway.js';

/**
 * Each gateway of a namespace hears all of its sockets. A second one in Millrace's would answer frames that nobody has
 * checked; a second Millrace would have each socket twice, in two sessions.
 *
 * @throws BootError
 */
export function checkNamespace(discovery: Pick<DiscoveryService, 'getProviders'>): void {
  const gateways = discovery.getProviders().flatMap(({ metatype }) => {
    return typeof metatype === 'function' && listensHere(metatype) ? [metatype] : [];
  });
  const foreign = gateways.find((gateway) => gateway !== SessionGateway);
  if (foreign) {
    throw new BootError(
      `${foreign.name} is a @WebSocketGateway() in ${NAMESPACE}, which is Millrace's: take another one`,
    );
  }
  if (gateways.length > 1) {
    throw new BootError(
      'MillraceModule.forRoot() or forRootAsync() is called more than once: import it once, its providers are global',
    );
  }
}

function listensHere(type: object): boolean {
  if (!Reflect.hasMetadata(GATEWAY_METADATA, type) || Reflect.getMetadata(PORT_METADATA, type)) return false;
  const { namespace } = (Reflect.getMetadata(GATEWAY_OPTIONS, type) ?? {}) as { readonly namespace?: unknown };
  if (namespace instanceof RegExp) return namespace.test(NAMESPACE);
  return typeof namespace === 'string' && `/${namespace.replace(/^\//, '')}` === NAMESPACE;
}
