import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { beforeAll, expect, it } from 'vitest';
import type { NodeReadiness } from './readiness.js';
import { StreamHealth } from './stream-health.js';

let indicators: HealthIndicatorService;
beforeAll(async () => {
  const module = await Test.createTestingModule({ imports: [TerminusModule] }).compile();
  indicators = module.get(HealthIndicatorService);
});

const stream = { name: 'stream', state: 'ready', facts: { passAgeMs: 7 } } as const;
const redis = { name: 'redis', state: 'degraded', reason: 'Redis is away' } as const;
const drain = { name: 'drain', state: 'unready', reason: 'draining' } as const;
const healthOf = (readiness: NodeReadiness) => new StreamHealth(indicators, { current: () => readiness });

it.each<[NodeReadiness, object]>([
  [
    { state: 'ready', verdicts: [stream] },
    { status: 'up', state: 'ready', passAgeMs: 7 },
  ],
  [
    { state: 'degraded', reason: 'Redis is away', verdicts: [stream, redis] },
    { status: 'up', state: 'degraded', reason: 'Redis is away', passAgeMs: 7 },
  ],
  [
    { state: 'unready', reason: 'draining', verdicts: [drain, stream, redis] },
    { status: 'down', state: 'unready', reason: 'draining', passAgeMs: 7 },
  ],
])('is down for a node that is unready alone: %o', async (readiness, expected) => {
  expect(await healthOf(readiness).check()).toEqual({ stream: expected });
  expect(await healthOf(readiness).check('realtime')).toEqual({ realtime: expected });
});

it('tells of each check on its own', () => {
  expect(healthOf({ state: 'unready', verdicts: [drain, stream, redis] }).checks()).toEqual([
    { drain: { status: 'down', state: 'unready', reason: 'draining' } },
    { stream: { status: 'up', state: 'ready', passAgeMs: 7 } },
    { redis: { status: 'up', state: 'degraded', reason: 'Redis is away' } },
  ]);
});
