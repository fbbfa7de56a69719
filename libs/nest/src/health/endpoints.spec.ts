import { VersioningType } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { PromRecorder } from '../telemetry/prom-recorder.js';
import { Recorder } from '../telemetry/recorder.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';
import { StreamHealth } from './stream-health.js';

it('stay where they are when the application gives its routes a version', async () => {
  const module = await Test.createTestingModule({
    imports: [TerminusModule],
    controllers: [HealthController, MetricsController],
    providers: [
      { provide: StreamHealth, useValue: { check: () => ({ stream: { status: 'up' } }) } },
      { provide: Recorder, useValue: new PromRecorder([]) },
    ],
  }).compile();
  const app = module.createNestApplication();
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  await app.listen(0, '127.0.0.1');
  try {
    const url = await app.getUrl();
    const statuses = ['/health/live', '/health/ready', '/metrics'].map(
      async (path) => (await fetch(url + path)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 200]);
  } finally {
    await app.close();
  }
});
