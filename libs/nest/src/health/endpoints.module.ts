import { Module, type DynamicModule } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { guarded, type GuardOptions } from '../core/guarded.js';
import { keepOutsidePrefix, sayWhereRouted } from '../core/outside-prefix.js';
import { DetailsController } from './details.controller.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';

const PATHS = ['health/live', 'health/ready', 'health/details', 'metrics'];

/**
 * `GET /health/live`, `/health/ready` and `/metrics`. Import it beside `MillraceModule`, or build endpoints of your
 * own on `StreamHealth`. Nothing guards them, and health says no more than yes or no: keep them inside your network.
 * They are at these addresses also where the application has a global prefix or versions.
 *
 * @publicApi
 */
@Module({ imports: [TerminusModule], controllers: [HealthController, MetricsController] })
export class EndpointsModule {
  /** @internal */
  constructor(
    private readonly config: ApplicationConfig,
    private readonly modules: ModulesContainer,
  ) {}

  /**
   * Called by Nest. The class does not say that it implements `NestModule`: its declaration has no internal members.
   *
   * @internal
   */
  configure(): void {
    keepOutsidePrefix(this.config, { exact: PATHS });
    sayWhereRouted(this.modules, EndpointsModule);
  }

  /**
   * The same, and `GET /health/details`: why the node is ready or not, for whom the guards let through.
   *
   * @throws BootError without a guard
   */
  static register({ guards, imports = [] }: GuardOptions): DynamicModule {
    return { module: EndpointsModule, imports, controllers: [guarded(DetailsController, { guards, path: 'health' })] };
  }
}
