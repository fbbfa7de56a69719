import { Controller, Get, VERSION_NEUTRAL } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { StreamHealth } from './stream-health.js';

/** For the load balancer and the orchestrator, which know nothing of the versions of an API. */
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly stream: StreamHealth,
  ) {}

  /**
   * The process turns. No dependency is asked: an outage of the database must not restart every node. Nor is Terminus,
   * which fails every check during a shutdown: a node that drains must not be killed for it.
   */
  @Get('live')
  @HealthCheck()
  live(): HealthCheckResult {
    return { status: 'ok', info: {}, error: {}, details: {} };
  }

  /** This node may be given connections. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.stream.check()]);
  }
}
