import type { Finding, ReadinessCheck } from '../core/readiness-check.js';

/**
 * How Redis is. Its fault makes no node unready: without Redis a node delivers a little later, and an outage that all
 * nodes share must not empty the load balancer.
 */
export class RedisCheck implements ReadinessCheck {
  readonly name = 'redis';

  constructor(
    /** Absent where no Redis is configured. */
    private readonly connections: readonly { readonly isUp: boolean }[] | undefined,
  ) {}

  check(): Finding {
    if (!this.connections) return { kind: 'good', facts: { redis: 'none' } };
    if (this.connections.every(({ isUp }) => isUp)) return { kind: 'good' };
    return { kind: 'fault', scope: 'shared', reason: 'Redis does not answer: events come from the log' };
  }
}
