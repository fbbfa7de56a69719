import { systemClock } from './core/clock.js';
import { ClockCheck } from './health/clock.check.js';
import { PassCheck } from './health/pass.check.js';
import { Readiness } from './health/readiness.js';
import { RedisCheck } from './health/redis.check.js';
import type { WorkerRing } from './worker-ring.js';

/** Of a process that only publishes. No other node knows it, so its faults are never shown to be its own. */
export function publisherReadiness({
  sequencer,
  redis,
  recorder,
  databaseClock,
  backlog,
  outbound,
}: WorkerRing): Readiness {
  const clock = systemClock;
  const { maxClockSkewMs } = outbound.stream;
  return new Readiness({
    checks: [
      new PassCheck({ sequencer, clock, backlog }),
      new RedisCheck(redis && [redis.publisher], clock),
      new ClockCheck({ databaseClock, maxClockSkewMs, clock }),
    ],
    others: () => Promise.resolve([]),
    clock,
    recorder,
  });
}
