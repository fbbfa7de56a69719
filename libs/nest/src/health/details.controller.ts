import { Get, Inject } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { StreamHealth } from './stream-health.js';

/** Readiness with its reasons, for those whom the application's guards let through. */
export abstract class DetailsController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(StreamHealth) private readonly stream: StreamHealth,
  ) {}

  @Get('details')
  @HealthCheck()
  details(): Promise<HealthCheckResult> {
    return this.health.check(this.stream.checks().map((one) => () => one));
  }
}
