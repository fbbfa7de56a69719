import { Injectable, Logger, Module, Scope, type CanActivate, type NestInterceptor, type Type } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, ApplicationConfig } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { BootError } from '../core/boot-error.js';
import { checkGlobalEnhancers } from './global-enhancers.js';

@Injectable({ scope: Scope.REQUEST })
class TenantGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class DutyGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Injectable({ scope: Scope.REQUEST })
class TenantLog implements NestInterceptor {
  intercept(...[, next]: Parameters<NestInterceptor['intercept']>): ReturnType<NestInterceptor['intercept']> {
    return next.handle();
  }
}

async function configWith(provide: string, useClass: Type): Promise<ApplicationConfig> {
  @Module({ providers: [{ provide, useClass }] })
  class AppModule {}
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  return module.get(ApplicationConfig);
}

afterEach(() => vi.restoreAllMocks());

it('finds a request-scoped global guard, which Nest would leave out, and stops the boot', async () => {
  const config = await configWith(APP_GUARD, TenantGuard);
  expect(() => checkGlobalEnhancers(config)).toThrow(BootError);
  expect(() => checkGlobalEnhancers(config)).toThrow(/TenantGuard is a global guard and request-scoped/);
});

it('lets a singleton be', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  checkGlobalEnhancers(await configWith(APP_GUARD, DutyGuard));
  expect(warn).not.toHaveBeenCalled();
});

it('names other request-scoped enhancers in the log', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  checkGlobalEnhancers(await configWith(APP_INTERCEPTOR, TenantLog));
  expect(warn.mock.calls.flat()).toEqual([expect.stringContaining('TenantLog is global and request-scoped')]);
});
