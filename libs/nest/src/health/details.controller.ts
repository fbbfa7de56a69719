import { Get, Inject } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { HubHealth } from './hub-health.js';
import { RedisHealth } from './redis-health.js';
import { StreamHealth } from './stream-health.js';

/** Readiness with its reasons, for those whom the application's guards let through. */
export abstract class DetailsController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(StreamHealth) private readonly stream: StreamHealth,
    @Inject(HubHealth) private readonly hub: HubHealth,
    @Inject(RedisHealth) private readonly redis: RedisHealth,
  ) {}

  @Get('details')
  @HealthCheck()
  details(): Promise<HealthCheckResult> {
    return this.health.check([() => this.stream.check(), () => this.hub.check(), () => this.redis.check()]);
  }
}
