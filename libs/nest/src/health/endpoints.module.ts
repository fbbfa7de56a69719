import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { guarded, type GuardOptions } from '../core/guarded.js';
import { DetailsController } from './details.controller.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';

/**
 * `GET /health/live`, `/health/ready` and `/metrics`. Import it beside `MillraceModule`, or build endpoints of your
 * own on `StreamHealth`. Nothing guards them, and health says no more than yes or no: keep them inside your network.
 *
 * @publicApi
 */
@Module({ imports: [TerminusModule], controllers: [HealthController, MetricsController] })
export class EndpointsModule {
  /**
   * The same, and `GET /health/details`: why the node is ready or not, for whom the guards let through.
   *
   * @throws BootError without a guard
   */
  static register({ guards, imports = [] }: GuardOptions): DynamicModule {
    return { module: EndpointsModule, imports, controllers: [guarded(DetailsController, { guards, path: 'health' })] };
  }
}
