import { Module, type DynamicModule } from '@nestjs/common';
import { guarded, type GuardOptions } from '../core/guarded.js';
import { AdminController } from './admin.controller.js';

/**
 * Options of {@link AdminModule}.
 *
 * @publicApi
 */
export interface AdminOptions extends GuardOptions {
  /** Where the endpoints are. @defaultValue `admin/realtime` */
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
  /**
   * The endpoints, under `guards`.
   *
   * @throws BootError without a guard
   */
  static register({ guards, path = 'admin/realtime', imports = [] }: AdminOptions): DynamicModule {
    return { module: AdminModule, imports, controllers: [guarded(AdminController, { guards, path })] };
  }
}
