import { systemClock } from './core/clock.js';
import { ClockCheck } from './health/clock.check.js';
import { DrainCheck } from './health/drain.check.js';
import { LogTailCheck } from './health/log-tail.check.js';
import { PassCheck } from './health/pass.check.js';
import type { HealthReport } from './health/proof.js';
import { Readiness } from './health/readiness.js';
import { RedisCheck } from './health/redis.check.js';
import { RefusalsCheck } from './health/refusals.check.js';
import type { Ring } from './ring.js';
import type { SessionDrain } from './session/session-drain.js';
import type { NodeDescription } from './session/rooms/node-description.js';
import type { WorkerRing } from './worker-ring.js';

/** The others are asked in the background; what has not answered by then does not count. */
const ASK_TIMEOUT_MS = 500;

/** All that must work on a node before it is given users: a new check is added here. */
export function nodeReadiness(ring: Ring, drain: SessionDrain): Readiness {
  const { sequencer, hub, others, recorder, databaseClock, options } = ring;
  const clock = systemClock;
  const clockCheck = new ClockCheck({
    databaseClock,
    maxClockSkewMs: options.stream.maxClockSkewMs,
    tokenToleranceMs: options.authenticate.clockToleranceMs ?? 0,
    clock,
  });
  return new Readiness({
    checks: [
      new DrainCheck(drain),
      new PassCheck({ sequencer, clock }),
      new LogTailCheck(hub, clock),
      new RedisCheck(ring.redisConnections),
      clockCheck,
      new RefusalsCheck(ring.refusals, clock),
    ],
    others: async () => {
      const { nodes } = await others.ask(ASK_TIMEOUT_MS);
      clockCheck.heard(nodes);
      return nodes.map(reportOf);
    },
    clock,
    recorder,
  });
}

/** The same for a process that only publishes. No other node knows it, so its faults are never shown to be its own. */
export function publisherReadiness({ sequencer, redis, recorder, databaseClock, outbound }: WorkerRing): Readiness {
  const clock = systemClock;
  const { maxClockSkewMs } = outbound.stream;
  return new Readiness({
    checks: [
      new PassCheck({ sequencer, clock }),
      new RedisCheck(redis && [redis.publisher]),
      new ClockCheck({ databaseClock, maxClockSkewMs, clock }),
    ],
    others: () => Promise.resolve([]),
    clock,
    recorder,
  });
}

/** A node of an older release says only how old its last pass is. */
function reportOf({ health, passAgeMs }: Partial<NodeDescription>): HealthReport {
  return health ?? (typeof passAgeMs === 'number' ? { stream: passAgeMs } : {});
}
