import { Inject, Module, type DynamicModule } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { guarded, type GuardOptions } from '../core/guarded.js';
import { keepOutsidePrefix, sayWhereRouted } from '../core/outside-prefix.js';
import { AdminController } from './admin.controller.js';

const ADMIN_PATH = Symbol('AdminModule path');

/**
 * Options of {@link AdminModule}.
 *
 * @publicApi
 */
export interface AdminOptions extends GuardOptions {
  /** Where the endpoints are, whatever global prefix the application has. @defaultValue `admin/realtime` */
  readonly path?: string;
}

/**
 * Endpoints for operators: this node, its sessions, channels, the outbox and its dead letters. Import it beside
 * `MillraceModule`; without it there are none.
 *
 * @publicApi
 */
@Module({})
export class AdminModule {
  /** @internal */
  constructor(
    @Inject(ADMIN_PATH) private readonly path: string,
    private readonly config: ApplicationConfig,
    private readonly modules: ModulesContainer,
  ) {}

  /**
   * Called by Nest. The class does not say that it implements `NestModule`: its declaration has no internal members.
   *
   * @internal
   */
  configure(): void {
    keepOutsidePrefix(this.config, { exact: [], below: this.path });
    sayWhereRouted(this.modules, AdminModule);
  }

  /**
   * The endpoints, under `guards`.
   *
   * @throws BootError without a guard
   */
  static register({ guards, path = 'admin/realtime', imports = [] }: AdminOptions): DynamicModule {
    const providers = [{ provide: ADMIN_PATH, useValue: path }];
    return { module: AdminModule, imports, providers, controllers: [guarded(AdminController, { guards, path })] };
  }
}
