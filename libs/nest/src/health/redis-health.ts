import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

/**
 * Says how Redis is, and is never down for it: without Redis a node delivers a little later, and an outage that all
 * nodes share must not empty the load balancer.
 */
@Injectable()
export class RedisHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    /** Absent where no Redis is configured. */
    private readonly connections: readonly { readonly isUp: boolean }[] | undefined,
  ) {}

  check(): HealthIndicatorResult {
    return this.indicators.check('redis').up({ state: this.#state });
  }

  get #state(): 'none' | 'up' | 'degraded' {
    if (!this.connections) return 'none';
    return this.connections.every(({ isUp }) => isUp) ? 'up' : 'degraded';
  }
}
