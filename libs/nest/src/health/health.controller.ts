import { Controller, Get, ServiceUnavailableException, VERSION_NEUTRAL } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { StreamHealth } from './stream-health.js';

const silence = { info: {}, error: {}, details: {} };

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
    return { status: 'ok', ...silence };
  }

  /** Whether this node may be given connections, and nothing about why: that is for those who may know. */
  @Get('ready')
  @HealthCheck()
  async ready(): Promise<HealthCheckResult> {
    try {
      await this.health.check([() => this.stream.check()]);
    } catch (error) {
      if (error instanceof ServiceUnavailableException)
        throw new ServiceUnavailableException({ status: 'error', ...silence });
      throw error;
    }
    return { status: 'ok', ...silence };
  }
}
