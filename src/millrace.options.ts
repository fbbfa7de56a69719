import { join } from 'node:path';
import type { MillraceOptions } from '@millrace/nest';
import type { AppConfig } from './config/app.config.js';
import { authenticator } from './sign-in/token.js';

/** How Departures wants its Millrace. */
export function millraceOptions({ database, jwtSecret }: AppConfig): MillraceOptions {
  return {
    ...(database.kind === 'server'
      ? { postgres: { connectionString: database.connectionString } }
      : { embedded: { dataDir: join(database.folder, 'database') } }),
    authenticate: authenticator(jwtSecret),
    session: {
      // The feed may send up to 500 departures a second.
      framesPerSecond: 600,
      frameBurst: 600,
      // A demo has few watchers and is restarted often.
      drainSpreadMs: 500,
      drainTimeoutMs: 2_000,
    },
  };
}
