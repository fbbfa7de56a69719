import type { Clock } from '../core/clock.js';
import type { Finding, ReadinessCheck } from '../core/readiness-check.js';
import type { RedisEcho } from '../redis/redis-echo.js';

/** Nodes that lost Redis in one moment sent their last message to themselves no further apart. */
const SAME_MOMENT_MS = 5_000;

/**
 * How Redis is. A node that alone has lost it steps back: events come to it late, and live events not at all. An outage
 * that all nodes share, and what only an administrator can mend, makes no node unready.
 */
export class RedisCheck implements ReadinessCheck {
  readonly name = 'redis';

  constructor(
    /** Absent where no Redis is configured. */
    private readonly connections: readonly { readonly isUp: boolean }[] | undefined,
    private readonly clock: Clock,
    private readonly echo?: Pick<RedisEcho, 'fault' | 'returnedAt'>,
  ) {}

  check(): Finding {
    if (!this.connections) return { kind: 'good', facts: { redis: 'none' } };
    const { fault, returnedAt } = this.echo ?? {};
    if (fault) return { kind: 'fault', scope: 'shared', reason: fault.reason };
    const ageMs = returnedAt === undefined ? undefined : Math.round(this.clock.monotonic() - returnedAt);
    if (this.connections.every(({ isUp }) => isUp)) return { kind: 'good', ageMs: ageMs ?? Infinity };
    const reason = 'Redis does not answer: events come from the log, and live events stay on their node';
    // One that never had it cannot tell since when it lacks it.
    if (ageMs === undefined) return { kind: 'fault', scope: 'shared', reason };
    return { kind: 'fault', scope: 'compared', reason, forMs: Math.max(0, ageMs - SAME_MOMENT_MS) };
  }
}
