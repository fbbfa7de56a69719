import { systemClock } from './core/clock.js';
import { DrainCheck } from './health/drain.check.js';
import { LogTailCheck } from './health/log-tail.check.js';
import { PassCheck } from './health/pass.check.js';
import type { HealthReport } from './health/proof.js';
import { Readiness } from './health/readiness.js';
import { RedisCheck } from './health/redis.check.js';
import type { Ring } from './ring.js';
import type { SessionDrain } from './session/session-drain.js';
import type { NodeDescription } from './session/rooms/node-description.js';
import type { WorkerRing } from './worker-ring.js';

/** The others are asked in the background; what has not answered by then does not count. */
const ASK_TIMEOUT_MS = 500;

/** All that must work on a node before it is given users: a new check is added here. */
export function nodeReadiness(ring: Ring, drain: SessionDrain): Readiness {
  const { sequencer, hub, others, recorder } = ring;
  const clock = systemClock;
  return new Readiness({
    checks: [
      new DrainCheck(drain),
      new PassCheck({ sequencer, clock }),
      new LogTailCheck(hub, clock),
      new RedisCheck(ring.redisConnections),
    ],
    others: async () => (await others.ask(ASK_TIMEOUT_MS)).nodes.map(reportOf),
    clock,
    recorder,
  });
}

/** The same for a process that only publishes. No other node knows it, so its faults are never shown to be its own. */
export function publisherReadiness({ sequencer, redis, recorder }: WorkerRing): Readiness {
  const clock = systemClock;
  return new Readiness({
    checks: [new PassCheck({ sequencer, clock }), new RedisCheck(redis && [redis.publisher])],
    others: () => Promise.resolve([]),
    clock,
    recorder,
  });
}

/** A node of an older release says only how old its last pass is. */
function reportOf({ health, passAgeMs }: Partial<NodeDescription>): HealthReport {
  return health ?? (typeof passAgeMs === 'number' ? { stream: passAgeMs } : {});
}
