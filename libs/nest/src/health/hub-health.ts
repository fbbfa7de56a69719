import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { Clock } from '../core/clock.js';
import type { Hub } from '../hub/hub.js';

/** As long as a pass may be away. */
const MIN_LOOK_AGE_MS = 5_000;
/** Where the application looks less often than once a second. */
const MISSED_LOOKS = 5;

/**
 * Says how long ago this node looked into the log for what the broker did not bring. It is never down for that: where
 * the database is away for all, its passes tell, and what was not looked for is found by the next look.
 */
@Injectable()
export class HubHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    /** Absent in a process without sessions. */
    private readonly hub: Pick<Hub, 'lastLookAt' | 'lookIntervalMs'> | undefined,
    private readonly clock: Clock,
  ) {}

  check(): HealthIndicatorResult {
    const indicator = this.indicators.check('hub');
    if (!this.hub) return indicator.up({ state: 'none' });
    const { lastLookAt, lookIntervalMs } = this.hub;
    if (lastLookAt === undefined) return indicator.up({ state: 'starting' });
    const lookAgeMs = Math.round(this.clock.monotonic() - lastLookAt);
    const isDue = lookAgeMs > Math.max(MIN_LOOK_AGE_MS, MISSED_LOOKS * lookIntervalMs);
    return indicator.up({ state: isDue ? 'degraded' : 'up', lookAgeMs });
  }
}
