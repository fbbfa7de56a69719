import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { ConfigError, secret, text, type Environment } from './environment.js';

export type DatabaseConfig =
  | { readonly kind: 'server'; readonly connectionString: string }
  /** PGlite, with its files below `folder`. */
  | { readonly kind: 'embedded'; readonly folder: string };

/** The configuration of the server, and the token to inject it by. */
export abstract class AppConfig {
  /** 0 = any that is free. */
  abstract readonly port: number;
  abstract readonly database: DatabaseConfig;
  /** Signs the tokens. A new one at each start costs nothing but a sign-in, which the SDK repeats by itself. */
  abstract readonly jwtSecret: string;
  /** Who shows it at the sign-in is the feed. */
  abstract readonly feedKey: string;
  abstract readonly feed: 'on' | 'off';
}

/**
 * `PORT` (3000), `DATABASE_URL` (without it the embedded database), `DATA_DIR` (`.data` in the working directory: where
 * the embedded database keeps its files, so that the feed goes on after a restart), `JWT_SECRET` and `FEED_KEY`
 * (generated), `FEED` (`on` or `off`).
 *
 * @throws ConfigError
 */
export function readAppConfig(environment: Environment = process.env): AppConfig {
  const connectionString = text(environment, 'DATABASE_URL');
  return {
    port: port(environment),
    database:
      connectionString === undefined
        ? { kind: 'embedded', folder: resolve(text(environment, 'DATA_DIR') ?? '.data') }
        : { kind: 'server', connectionString: postgresUrl(connectionString) },
    jwtSecret: secret(environment, 'JWT_SECRET') ?? generateSecret(),
    feedKey: secret(environment, 'FEED_KEY') ?? generateSecret(),
    feed: feed(environment),
  };
}

function port(environment: Environment): number {
  const value = text(environment, 'PORT') ?? '3000';
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw new ConfigError(`PORT is "${value}"; it must be a whole number from 0 (any free port) to 65535`);
}

/** The value holds a password, so the message does not repeat it. */
function postgresUrl(value: string): string {
  if (/^postgres(?:ql)?:\/\/./.test(value) && URL.canParse(value)) return value;
  throw new ConfigError('DATABASE_URL is not an address of the form postgres://user:password@host:port/database');
}

function feed(environment: Environment): 'on' | 'off' {
  const value = text(environment, 'FEED') ?? 'on';
  if (value === 'on' || value === 'off') return value;
  throw new ConfigError(`FEED is "${value}"; it must be "on" or "off"`);
}

const generateSecret = (): string => randomBytes(32).toString('base64url');
