import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Finding } from '../core/readiness-check.js';
import { FakeClock } from '../core/testing/fake-clock.js';
import { MemoryRecorder } from '../stream/testing/memory-recorder.js';
import { healthState } from './health.metrics.js';
import type { HealthReport } from './proof.js';
import { Readiness } from './readiness.js';

const good: Finding = { kind: 'good' };

/** One node with one check whose fault the test plants, and the reports of the others. */
class Bench {
  readonly clock = new FakeClock();
  readonly recorder = new MemoryRecorder();
  brokenAt: number | undefined;
  scope: 'own' | 'shared' | 'compared' = 'compared';
  others: () => readonly HealthReport[] | Promise<readonly HealthReport[]> = () => [];
  asked = 0;
  asks = false;
  readonly readiness = new Readiness({
    checks: [
      { name: 'delivery', check: () => this.#finding() },
      { name: 'redis', check: () => good },
    ],
    others: async () => {
      this.asked++;
      return this.others();
    },
    clock: this.clock,
    recorder: this.recorder,
  });

  break(scope = this.scope): void {
    this.brokenAt = this.clock.monotonic();
    this.scope = scope;
  }

  get state(): string {
    return this.readiness.current().state;
  }

  /** The states that a load balancer is told of meanwhile. */
  async statesFor(ms: number): Promise<string[]> {
    const seen = new Set<string>();
    for (let at = 0; at < ms; at += 250) {
      seen.add(this.state);
      await this.clock.advance(250);
    }
    return [...seen];
  }

  #finding(): Finding {
    if (this.brokenAt === undefined) return good;
    const forMs = this.clock.monotonic() - this.brokenAt;
    return { kind: 'fault', scope: this.scope, reason: 'broken', forMs, asks: this.asks };
  }
}

let bench: Bench;
let warn: ReturnType<typeof vi.spyOn>;
let log: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  log = vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  bench = new Bench();
  bench.readiness.start();
});
afterEach(async () => {
  await bench.readiness.stop();
  vi.restoreAllMocks();
});

/** It worked last a moment before the fault. */
const workedBefore = () => [{ delivery: bench.clock.monotonic() - (bench.brokenAt ?? 0) + 1 }];

describe('a node', () => {
  it('is ready, and asks nobody, as long as nothing is broken', async () => {
    expect(await bench.statesFor(10_000)).toEqual(['ready']);
    expect(bench.asked).toBe(0);
    expect(bench.readiness.report()).toEqual({ delivery: 0, redis: 0 });
  });

  it('is unready for its own fault at once', () => {
    bench.break('own');
    expect(bench.readiness.current()).toMatchObject({ state: 'unready', reason: 'broken' });
    expect(bench.readiness.report()).toEqual({ redis: 0 });
  });

  it('is never unready for a fault that all share', async () => {
    bench.others = () => [{ delivery: 0 }];
    bench.break('shared');
    expect(await bench.statesFor(60_000)).toEqual(['degraded']);
    expect(bench.asked).toBe(0);
  });

  it('asks the others for a check that listens to them, whatever its scope', async () => {
    bench.asks = true;
    bench.break('own');
    expect(await bench.statesFor(3_000)).toEqual(['unready']);
    expect(bench.asked).toBeGreaterThan(1);
    bench.brokenAt = undefined;
    const { asked } = bench;
    expect(await bench.statesFor(3_000)).toEqual(['ready']);
    expect(bench.asked).toBe(asked);
  });

  it('is unready within four seconds when another works where it does not, and back by itself', async () => {
    bench.others = () => [{ delivery: 0 }];
    bench.break();
    expect(await bench.statesFor(4_000)).toEqual(['degraded', 'unready']);
    expect(await bench.statesFor(60_000)).toEqual(['unready']);
    bench.brokenAt = undefined;
    expect(bench.state).toBe('ready');
    // The proof of the last fault says nothing about the next one, even before the next look.
    await bench.clock.advance(10);
    bench.others = () => [];
    bench.break();
    expect(await bench.statesFor(20_000)).toEqual(['degraded']);
  });

  it.each<[string, () => readonly HealthReport[] | Promise<readonly HealthReport[]>]>([
    ['nobody answers', () => []],
    ['nobody can be asked', () => Promise.reject(new Error('no way'))],
    ['the others are as broken', () => [{}, { redis: 0 }]],
    ['the others worked last before the fault', () => workedBefore()],
    ['another of an older release says nonsense', () => [{ delivery: 'soon' }] as never],
    ['another is from the future', () => [{ delivery: -5_000 }]],
  ])('stays in the load balancer when %s', async (_when, others) => {
    bench.others = others;
    bench.break();
    expect(await bench.statesFor(60_000)).toEqual(['degraded']);
    expect(bench.asked).toBeGreaterThan(50);
  });

  it('stays when the others recover a moment earlier from what hit them all', async () => {
    bench.break();
    await bench.clock.advance(20_000);
    bench.others = () => [{ delivery: 0 }];
    expect(await bench.statesFor(2_000)).toEqual(['degraded']);
    bench.brokenAt = undefined;
    expect(bench.state).toBe('ready');
  });

  it('comes back, degraded, when the others break too', async () => {
    const brokeAt = bench.clock.monotonic() + 10_000;
    bench.others = () => (bench.clock.monotonic() < brokeAt ? [{ delivery: 0 }] : []);
    bench.break();
    await bench.clock.advance(10_000);
    expect(bench.state).toBe('unready');
    await bench.clock.advance(16_000);
    expect(bench.state).toBe('degraded');
  });

  it('says a change once, and shows it in its metrics', async () => {
    bench.others = () => [{ delivery: 0 }];
    bench.break();
    await bench.clock.advance(30_000);
    expect(warn.mock.calls).toEqual([['This node is degraded: broken'], ['This node is unready: broken']]);
    expect(bench.recorder.valueOf(healthState, { check: 'node' })).toBe(2);
    expect(bench.recorder.valueOf(healthState, { check: 'delivery' })).toBe(2);
    expect(bench.recorder.valueOf(healthState, { check: 'redis' })).toBe(0);
    bench.brokenAt = undefined;
    await bench.clock.advance(1_000);
    expect(log).toHaveBeenCalledExactlyOnceWith('This node is ready again');
    expect(bench.recorder.valueOf(healthState, { check: 'node' })).toBe(0);
  });
});
