import type { Server as HttpServer } from 'node:http';
import type { ApplicationConfig, DiscoveryService } from '@nestjs/core';
import { GATEWAY_METADATA, GATEWAY_OPTIONS, GATEWAY_SERVER_METADATA, PORT_METADATA } from '@nestjs/websockets/internal';
import type { Namespace, Server } from 'socket.io';
import { BootError } from '../core/boot-error.js';

export interface PathConflictsParts {
  readonly discovery: Pick<DiscoveryService, 'getProviders'>;
  readonly config: Pick<ApplicationConfig, 'getIoAdapter'>;
  readonly http: HttpServer;
  readonly path: string;
}

/**
 * A gateway of the application at Millrace's own path would never be asked by anybody. At every other path, those that
 * begin with Millrace's included, both work.
 *
 * @throws BootError
 */
export function checkPath({ discovery, config, http, path }: PathConflictsParts): void {
  for (const { metatype, instance } of discovery.getProviders()) {
    if (typeof metatype !== 'function' || !Reflect.hasMetadata(GATEWAY_METADATA, metatype)) continue;
    const paths = [declaredPath(metatype, config), ...pathsOfServers(instance as unknown, http)];
    if (!paths.some((taken) => taken !== undefined && normalized(taken) === path)) continue;
    throw new BootError(
      `${metatype.name} is a @WebSocketGateway() at the path ${path}, where Millrace's own clients come in: give the ` +
        'gateway another `path`, or Millrace another `session.path` (and its clients the same `path`)',
    );
  }
}

/** What the decorator says, on the application's own HTTP server. */
function declaredPath(metatype: object, config: PathConflictsParts['config']): string | undefined {
  if (Reflect.getMetadata(PORT_METADATA, metatype)) return undefined;
  const options = (Reflect.getMetadata(GATEWAY_OPTIONS, metatype) ?? {}) as { readonly path?: unknown };
  if (typeof options.path === 'string') return options.path;
  const adapter = config.getIoAdapter() as { readonly createIOServer?: unknown } | undefined;
  return adapter && 'createIOServer' in adapter ? '/socket.io' : undefined;
}

/** An adapter of the application may give its gateways another path than the decorator says. */
function pathsOfServers(gateway: unknown, http: HttpServer): string[] {
  if (typeof gateway !== 'object' || gateway === null) return [];
  return Object.entries(gateway).flatMap(([name, value]) => {
    if (!Reflect.hasMetadata(GATEWAY_SERVER_METADATA, gateway, name)) return [];
    const server = ((value as Partial<Namespace> | undefined)?.server ?? value) as Partial<Server> | undefined;
    return server?.httpServer === http && typeof server.path === 'function' ? [server.path()] : [];
  });
}

const normalized = (path: string): string => path.replace(/\/$/, '');
