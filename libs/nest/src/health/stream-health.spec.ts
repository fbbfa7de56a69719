import { Test } from '@nestjs/testing';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../core/clock.js';
import { StreamHealth } from './stream-health.js';

async function check(node: { lastPassAt?: number; draining?: boolean }, now: number) {
  const module = await Test.createTestingModule({ imports: [TerminusModule] }).compile();
  const sequencer = { lastPassAt: node.lastPassAt } as ConstructorParameters<typeof StreamHealth>[1];
  const drain = { started: node.draining === true } as ConstructorParameters<typeof StreamHealth>[2];
  const clock: Clock = { now: () => now, after: () => () => {} };
  return new StreamHealth(module.get(HealthIndicatorService), sequencer, drain, clock).check();
}

describe('readiness', () => {
  it.each([
    ['a pass was just there', { lastPassAt: 1_000 }, 1_000, { status: 'up', passAgeMs: 0 }],
    ['the last pass is as old as it may be', { lastPassAt: 1_000 }, 6_000, { status: 'up', passAgeMs: 5_000 }],
    ['the last pass is older', { lastPassAt: 1_000 }, 6_001, { status: 'down', passAgeMs: 5_001 }],
    ['there was none yet', {}, 1_000, { status: 'down', reason: 'starting' }],
    ['the node drains', { lastPassAt: 1_000, draining: true }, 1_000, { status: 'down', reason: 'draining' }],
  ])('when %s', async (_when, node, now, expected) => {
    expect(await check(node, now)).toEqual({ stream: expected });
  });
});
