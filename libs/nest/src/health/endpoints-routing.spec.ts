import 'reflect-metadata';
import {
  Controller,
  Get,
  Global,
  Logger,
  Module,
  RequestMethod,
  VersioningType,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory, RouterModule } from '@nestjs/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AdminModule } from '../admin/admin.module.js';
import { NodeAdmin } from '../admin/node-admin.js';
import { PromRecorder } from '../telemetry/prom-recorder.js';
import { Recorder } from '../telemetry/recorder.js';
import { EndpointsModule } from './endpoints.module.js';
import { StreamHealth } from './stream-health.js';

const up = { check: () => ({ part: { status: 'up' } }), checks: () => [] };

@Global()
@Module({
  providers: [
    { provide: StreamHealth, useValue: up },
    { provide: Recorder, useValue: new PromRecorder([]) },
    { provide: NodeAdmin, useValue: { nodes: () => ({}), session: () => ({}) } },
  ],
  exports: [StreamHealth, Recorder, NodeAdmin],
})
class Node {}

@Controller('orders')
class Orders {
  @Get()
  all(): string[] {
    return [];
  }
}

@Controller('health')
class OwnHealth {
  @Get('own')
  own(): string[] {
    return [];
  }
}

const guards = [{ canActivate: () => true }];
const OURS = [
  '/health/live',
  '/health/ready',
  '/health/details',
  '/metrics',
  '/admin/realtime/nodes',
  '/admin/realtime/sessions/x',
];

let app: INestApplication | undefined;
afterEach(async () => {
  await app?.close();
  vi.restoreAllMocks();
});

async function statuses(
  configure: (app: INestApplication) => unknown,
  paths: readonly string[],
  routes: Parameters<typeof RouterModule.register>[0] = [],
) {
  @Module({
    imports: [
      Node,
      EndpointsModule.register({ guards }),
      AdminModule.register({ guards }),
      RouterModule.register(routes),
    ],
    controllers: [Orders, OwnHealth],
  })
  class Root {}
  app = await NestFactory.create(Root, { logger: false });
  configure(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return Promise.all(paths.map(async (path) => (await fetch(url + path)).status));
}

const all = (paths: readonly string[], status: number) => paths.map(() => status);

describe('the endpoints of Millrace', () => {
  it.each<[string, (app: INestApplication) => unknown]>([
    ['a global prefix', (given) => given.setGlobalPrefix('api')],
    ['a prefix with a slash', (given) => given.setGlobalPrefix('/api/')],
    [
      'a prefix with exclusions of its own',
      (given) => given.setGlobalPrefix('api', { exclude: [{ path: 'x', method: RequestMethod.GET }] }),
    ],
    ['versions in the path', (given) => given.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' })],
    [
      'versions in a header',
      (given) => given.enableVersioning({ type: VersioningType.HEADER, header: 'v', defaultVersion: '1' }),
    ],
    [
      'a prefix and versions',
      (given) =>
        given.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: ['1', '2'] }),
    ],
  ])('are where the documents say, with %s, and nowhere else', async (_, configure) => {
    const moved = OURS.flatMap((path) => [`/api${path}`, `/v1${path}`, `/api/v1${path}`]);
    expect(await statuses(configure, [...OURS, ...moved])).toEqual([...all(OURS, 200), ...all(moved, 404)]);
  });

  it("leave the application's own routes to its prefix", async () => {
    const paths = ['/api/orders', '/api/health/own', '/x', '/orders', '/health/own'];
    const configure = (given: INestApplication) => given.setGlobalPrefix('api');
    expect(await statuses(configure, paths)).toEqual([200, 200, 404, 404, 404]);
  });

  it('are where RouterModule puts them, and the log says so', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const routes = [{ path: 'ops', module: EndpointsModule }];
    expect(await statuses(() => {}, ['/ops/health/live', '/ops/metrics', '/metrics'], routes)).toEqual([200, 200, 404]);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('EndpointsModule are below /ops'));
    expect(warned).toHaveBeenCalledOnce();
  });
});
