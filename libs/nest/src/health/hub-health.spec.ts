import { Test } from '@nestjs/testing';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { expect, it } from 'vitest';
import type { Clock } from '../core/clock.js';
import { HubHealth } from './hub-health.js';

const NOW = 100_000;

it.each([
  ['there is no hub', undefined, { state: 'none' }],
  ['it has not looked yet', { lastLookAt: undefined, lookIntervalMs: 500 }, { state: 'starting' }],
  ['it has just looked', { lastLookAt: NOW, lookIntervalMs: 500 }, { state: 'up', lookAgeMs: 0 }],
  ['looks fail', { lastLookAt: NOW - 5_001, lookIntervalMs: 500 }, { state: 'degraded', lookAgeMs: 5_001 }],
  ['looks are rare', { lastLookAt: NOW - 5_001, lookIntervalMs: 5_000 }, { state: 'up', lookAgeMs: 5_001 }],
])('is up, and says how, when %s', async (_when, hub, expected) => {
  const module = await Test.createTestingModule({ imports: [TerminusModule] }).compile();
  const clock: Clock = { now: () => NaN, monotonic: () => NOW, after: () => () => {} };
  const health = new HubHealth(module.get(HealthIndicatorService), hub, clock);
  expect(health.check()).toEqual({ hub: { status: 'up', ...expected } });
});
