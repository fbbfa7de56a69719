import { Global, Module, VersioningType, type ExecutionContext } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { map } from 'rxjs';
import { expect, it } from 'vitest';
import { passes } from '../stream/stream.metrics.js';
import { PromRecorder } from '../telemetry/prom-recorder.js';
import { Recorder } from '../telemetry/recorder.js';
import { EndpointsModule } from './endpoints.module.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';
import { StreamHealth } from './stream-health.js';

it('stay where and what they are, whatever the application gives all its routes', async () => {
  const module = await Test.createTestingModule({
    imports: [TerminusModule],
    controllers: [HealthController, MetricsController],
    providers: [
      { provide: StreamHealth, useValue: { check: () => ({ stream: { status: 'up' } }) } },
      { provide: Recorder, useValue: new PromRecorder([passes]) },
    ],
  }).compile();
  const app = module.createNestApplication();
  app.useGlobalInterceptors({ intercept: (_, next) => next.handle().pipe(map((data: unknown) => ({ data }))) });
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  await app.listen(0, '127.0.0.1');
  try {
    const url = await app.getUrl();
    const statuses = ['/health/live', '/health/ready', '/metrics'].map(
      async (path) => (await fetch(url + path)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 200]);
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await metrics.text()).toMatch(/^# HELP realtime_stream_passes_total/m);
  } finally {
    await app.close();
  }
});

it('say no more than yes or no, but to whom a guard lets through', async () => {
  let answer: object = { stream: { status: 'up', passAgeMs: 7 } };
  const others = [{ hub: { status: 'up', lookAgeMs: 9 } }, { redis: { status: 'up', state: 'degraded' } }];
  @Module({
    providers: [
      { provide: StreamHealth, useValue: { check: () => answer, checks: () => [answer, ...others] } },
      { provide: Recorder, useValue: new PromRecorder([]) },
    ],
    exports: [StreamHealth, Recorder],
  })
  @Global()
  class Node {}
  const guard = {
    canActivate: (context: ExecutionContext) =>
      context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>().headers['x-key'] === 'secret',
  };
  const module = await Test.createTestingModule({
    imports: [Node, EndpointsModule.register({ guards: [guard] })],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const ask = async (path: string, key = ''): Promise<unknown[]> => {
    const response = await fetch(`${await app.getUrl()}/health/${path}`, { headers: { 'x-key': key } });
    return [response.status, await response.json()];
  };
  const silence = { info: {}, error: {}, details: {} };
  const redis = { status: 'up', state: 'degraded' };
  try {
    expect(await ask('ready')).toEqual([200, { status: 'ok', ...silence }]);
    expect(await ask('details')).toMatchObject([403, {}]);
    expect(await ask('details', 'secret')).toMatchObject([
      200,
      { status: 'ok', details: { stream: { passAgeMs: 7 }, hub: { lookAgeMs: 9 }, redis } },
    ]);
    answer = { stream: { status: 'down', reason: 'draining' } };
    expect(await ask('ready')).toEqual([503, { status: 'error', ...silence }]);
    expect(await ask('details', 'secret')).toMatchObject([
      503,
      { status: 'error', details: { stream: { reason: 'draining' }, redis } },
    ]);
  } finally {
    await app.close();
  }
});
