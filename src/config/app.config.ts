import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { ConfigError, secret, text, type Environment } from './environment.js';
import type { VariableName } from './variables.js';

export type DatabaseConfig =
  | { readonly kind: 'server'; readonly connectionString: string; readonly redisUrl: string | undefined }
  /** PGlite, with its files below `folder`. */
  | { readonly kind: 'embedded'; readonly folder: string };

/** The configuration of the server, and the token to inject it by. */
export abstract class AppConfig {
  /** 0 = any that is free. */
  abstract readonly port: number;
  /** Where it listens, and what it prints. */
  abstract readonly host: string;
  abstract readonly database: DatabaseConfig;
  /** Signs the tokens. On one node, a new one at each start costs only a sign-in, which the SDK repeats by itself. */
  abstract readonly jwtSecret: string;
  /** Who shows it at the sign-in is the feed. */
  abstract readonly feedKey: string;
  abstract readonly feed: 'on' | 'off';
}

/**
 * What the variables of a node say, see `variables.ts`.
 *
 * @throws ConfigError
 */
export function readAppConfig(environment: Environment = process.env): AppConfig {
  const database = readDatabase(environment);
  const areShared = database.kind === 'server' && database.redisUrl !== undefined;
  const readSecret = areShared ? sharedSecret : ownSecret;
  return {
    port: port(environment),
    host: host(environment),
    database,
    jwtSecret: readSecret(environment, 'JWT_SECRET'),
    feedKey: readSecret(environment, 'FEED_KEY'),
    feed: feed(environment),
  };
}

function readDatabase(environment: Environment): DatabaseConfig {
  const connectionString = text(environment, 'DATABASE_URL');
  const redisUrl = text(environment, 'REDIS_URL');
  if (connectionString !== undefined) {
    return {
      kind: 'server',
      connectionString: address(connectionString, 'DATABASE_URL', 'postgres://user:password@host:port/database'),
      redisUrl: redisUrl && address(redisUrl, 'REDIS_URL', 'redis://user:password@host:port'),
    };
  }
  if (redisUrl === undefined) return { kind: 'embedded', folder: resolve(text(environment, 'DATA_DIR') ?? '.data') };
  throw new ConfigError(
    'REDIS_URL is set without DATABASE_URL: the embedded database is for one node, which needs no Redis',
  );
}

function port(environment: Environment): number {
  const value = text(environment, 'PORT') ?? '3000';
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw new ConfigError(`PORT is "${value}"; it must be a whole number from 0 (any free port) to 65535`);
}

function host(environment: Environment): string {
  const value = text(environment, 'HOST') ?? '127.0.0.1';
  if (isIP(value) > 0 || /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i.test(value)) return value;
  throw new ConfigError(`HOST is "${value}"; it must be an address of this machine, such as 127.0.0.1 or 0.0.0.0`);
}

const protocols = { DATABASE_URL: /^postgres(?:ql)?:\/\/./, REDIS_URL: /^rediss?:\/\/./ };

/** The value holds a password, so the message does not repeat it. */
function address(value: string, name: keyof typeof protocols, form: string): string {
  if (protocols[name].test(value) && URL.canParse(value)) return value;
  throw new ConfigError(`${name} is not an address of the form ${form}`);
}

function feed(environment: Environment): 'on' | 'off' {
  const value = text(environment, 'FEED') ?? 'on';
  if (value === 'on' || value === 'off') return value;
  throw new ConfigError(`FEED is "${value}"; it must be "on" or "off"`);
}

function ownSecret(environment: Environment, name: VariableName): string {
  return secret(environment, name) ?? randomBytes(32).toString('base64url');
}

/** What each node makes for itself differs: the tokens of one would be refused by the others. */
function sharedSecret(environment: Environment, name: VariableName): string {
  const given = secret(environment, name);
  if (given !== undefined) return given;
  throw new ConfigError(`${name} is not set: with REDIS_URL there are several nodes, and it must be the same on all`);
}
