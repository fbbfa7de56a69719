import { Test } from '@nestjs/testing';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import type { NodeAnswers } from '../session/rooms/other-nodes.js';
import { StreamHealth } from './stream-health.js';

interface Node {
  readonly passAgeMs?: number;
  readonly draining?: boolean;
  readonly ask?: (timeoutMs?: number) => Promise<NodeAnswers>;
}

let indicators: HealthIndicatorService;
beforeAll(async () => {
  const module = await Test.createTestingModule({ imports: [TerminusModule] }).compile();
  indicators = module.get(HealthIndicatorService);
});

const clock = new FakeClock();

function healthOf({ passAgeMs, draining = false, ask }: Node): StreamHealth {
  const lastAnswerAt = passAgeMs === undefined ? undefined : clock.monotonic() - passAgeMs;
  const parts = { sequencer: { lastAnswerAt }, drain: { started: draining }, clock };
  return new StreamHealth(indicators, { ...parts, ...(ask && { others: { ask } }) });
}

const answering =
  (...nodes: readonly object[]) =>
  (): Promise<NodeAnswers> =>
    Promise.resolve({ nodes, complete: true });

describe('readiness', () => {
  it.each<[string, Node, object]>([
    ['a pass was just there', { passAgeMs: 0 }, { status: 'up', passAgeMs: 0 }],
    ['the last pass is as old as it may be', { passAgeMs: 5_000 }, { status: 'up', passAgeMs: 5_000 }],
    ['the last pass is older', { passAgeMs: 5_001 }, { status: 'down', passAgeMs: 5_001 }],
    ['there was none yet', {}, { status: 'down', reason: 'starting' }],
    ['the node drains', { passAgeMs: 0, draining: true }, { status: 'down', reason: 'draining' }],
  ])('when %s', async (_when, node, expected) => {
    expect(await healthOf(node).check()).toEqual({ stream: expected });
  });
});

it.each([-9, 9])('an age is right although the wall clock steps by %d days', async (days) => {
  const health = healthOf({ passAgeMs: 0 });
  clock.step(days * 86_400_000);
  await clock.advance(4_000);
  expect(await health.check()).toEqual({ stream: { status: 'up', passAgeMs: 4_000 } });
  await clock.advance(2_000);
  expect(await health.check()).toEqual({ stream: { status: 'down', passAgeMs: 6_000 } });
});

describe('a node without a pass', () => {
  const passAgeMs = 6_000;
  const degraded = { stream: { status: 'up', state: 'degraded', passAgeMs } };
  const down = { stream: { status: 'down', passAgeMs } };

  it.each([
    ['another has one', [{ passAgeMs: 400 }, { passAgeMs: 9_000 }], down],
    ['another of an older release does not say', [{ id: 'b' }], down],
    ['another says nonsense', [{ passAgeMs: 'soon' }], down],
    ['nobody answers', [], down],
    ['the others lost the database in the same moment', [{ passAgeMs: 4_000 }, { passAgeMs: 7_000 }], degraded],
    ['another is only starting', [{ passAgeMs: null }], degraded],
  ])('when %s', async (_when, others, expected) => {
    expect(await healthOf({ passAgeMs, ask: answering(...others) }).check()).toEqual(expected);
  });

  it('gives the others half a second', async () => {
    const asked: unknown[] = [];
    const ask = async (timeoutMs?: number) => {
      asked.push(timeoutMs);
      return { nodes: [], complete: false };
    };
    expect(await healthOf({ passAgeMs, ask }).check()).toEqual(down);
    expect(asked).toEqual([500]);
  });

  it('is not asked about as long as this one has a pass, or drains', async () => {
    const ask = () => Promise.reject(new Error('asked'));
    expect(await healthOf({ passAgeMs: 5_000, ask }).check()).toMatchObject({ stream: { status: 'up' } });
    expect(await healthOf({ passAgeMs, draining: true, ask }).check()).toMatchObject({ stream: { status: 'down' } });
  });
});
