import { join } from 'node:path';
import type { MillraceOptions } from '@millrace/nest';
import type { AppConfig, DatabaseConfig } from './config/app.config.js';
import { authenticator } from './sign-in/token.js';

/** How Departures wants its Millrace. */
export function millraceOptions({ database, jwtSecret }: AppConfig): MillraceOptions {
  return {
    ...storesOf(database),
    authenticate: authenticator(jwtSecret),
    session: {
      // The feed may send up to 500 departures a second.
      framesPerSecond: 600,
      frameBurst: 600,
      // A demo has few watchers and is restarted often.
      drainSpreadMs: 500,
    },
  };
}

function storesOf(database: DatabaseConfig): Pick<MillraceOptions, 'postgres' | 'embedded' | 'redis'> {
  if (database.kind === 'embedded') return { embedded: { dataDir: join(database.folder, 'database') } };
  const { connectionString, redisUrl } = database;
  return { postgres: { connectionString }, ...(redisUrl !== undefined && { redis: { url: redisUrl } }) };
}
