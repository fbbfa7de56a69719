import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';

/**
 * `GET /health/live`, `/health/ready` and `/metrics`. Import it beside `MillraceModule`, or build endpoints of your
 * own on `StreamHealth`. Nothing guards them: keep them inside your network.
 *
 * @publicApi
 */
@Module({ imports: [TerminusModule], controllers: [HealthController, MetricsController] })
export class EndpointsModule {}
