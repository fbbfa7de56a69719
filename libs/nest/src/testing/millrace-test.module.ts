import type { DynamicModule } from '@nestjs/common';
import { CodedError } from '../core/coded-error.js';
import { MillraceModule } from '../millrace.module.js';
import type { MillraceOptions } from '../millrace.options.js';
import type { Authenticator } from '../session/authenticator.port.js';

/** Those of `MillraceModule`, with names in the place of tokens. @publicApi */
export interface TestOptions extends Partial<Omit<MillraceOptions, 'authenticate'>> {
  /** Who may connect: a client whose token is `ada` speaks for `principals.ada`. */
  readonly principals: Readonly<Record<string, unknown>>;
}

/**
 * `MillraceModule` for tests of an application: tokens are names, the database is embedded and in memory unless one is
 * given, and closing the application does not wait for clients to leave one by one. Everything else is the real thing.
 *
 * @publicApi
 */
export class MillraceTestModule {
  /** In the place of `MillraceModule.forRoot()`. @throws BootError at boot, as that does */
  static forRoot({ principals, session, ...options }: TestOptions): DynamicModule {
    return MillraceModule.forRoot({
      ...(!options.postgres && { embedded: {} }),
      ...options,
      authenticate: authenticatorOf(principals),
      session: { drainSpreadMs: 0, ...session },
    });
  }
}

function authenticatorOf(principals: Readonly<Record<string, unknown>>): Authenticator {
  return {
    authenticate: (token) => {
      if (!Object.hasOwn(principals, token)) return Promise.reject(new CodedError('UNAUTHENTICATED'));
      return Promise.resolve({ principal: principals[token], subject: token });
    },
  };
}
