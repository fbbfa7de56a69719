import { defaultRedisOptions, type RedisOptions } from './redis/redis.options.js';
import { checkAcross } from './check-across-options.js';
import { defaultChannelOptions, type ChannelOptions } from './channel/channel.options.js';
import { defaultCommandOptions, type CommandOptions } from './command/command.options.js';
import { BootError } from './core/boot-error.js';
import { defaultHealthOptions, type HealthOptions } from './health/health.options.js';
import { defaultLimitOptions, type LimitOptions } from './limits/limits.options.js';
import { defaultHubOptions, logOnlyHubOptions, type HubOptions } from './hub/hub.options.js';
import type { Authenticator } from './session/authenticator.port.js';
import { defaultSessionOptions, type SessionOptions } from './session/session.options.js';
import type { PgSource } from './stream/pg/pg-database.js';
import type { PgliteDatabaseOptions } from './stream/pglite/pglite-database.js';
import { checkStreamOptions } from './stream/check-stream-options.js';
import { defaultStreamOptions, type StreamOptions } from './stream/stream.options.js';
import type { TransactionPort } from './stream/transaction/transaction.port.js';

/**
 * Options of `MillraceModule`. Exactly one of `postgres` and `embedded` is given: a missing database is an error at
 * boot, never a silent one in memory.
 *
 * @publicApi
 */
export interface MillraceOptions {
  /** A PostgreSQL server, 15 or newer: a connection string, or a `pg.Pool` of yours with at least two connections. */
  readonly postgres?: PgSource;
  /**
   * PGlite, a PostgreSQL in this process, for demos and tests: one node, one connection, no fsync. Needs
   * `@electric-sql/pglite`. Without `dataDir` it lives in memory.
   */
  readonly embedded?: PgliteDatabaseOptions;
  /**
   * Redis 6.2 or newer, for several nodes: it brings events to the other nodes at once, `live` ones too, and rooms
   * of your own gateways after `useRealtime(app)`. Without it each node finds the events of the others in the log, and `live` events stay on
   * their node.
   */
  readonly redis?: Pick<RedisOptions, 'url'> & Partial<RedisOptions>;
  /** Who a connection speaks for: `jwt({ … })`, or an {@link Authenticator} of yours. */
  readonly authenticate: Authenticator;
  /** Transactions of your ORM for command handlers. @defaultValue Millrace's own, on the same database */
  readonly transactions?: TransactionPort;
  /** Connections, heartbeat, frames and drain. */
  readonly session?: Partial<SessionOptions>;
  /** Deadlines of commands. */
  readonly command?: Partial<CommandOptions>;
  /** Policies, pages and lagging subscribers. */
  readonly channel?: Partial<ChannelOptions>;
  /** Publishing, the pass, retention and the schema. */
  readonly stream?: Partial<StreamOptions>;
  /** Following channels, repairs and recent events. */
  readonly hub?: Partial<HubOptions>;
  /** How a node finds out whether it delivers. */
  readonly health?: Partial<HealthOptions>;
  /** How much one subject, one address and all together may ask of a node. */
  readonly limits?: Partial<LimitOptions>;
}

type DatabaseChoice =
  | { readonly kind: 'postgres'; readonly source: PgSource }
  | { readonly kind: 'embedded'; readonly options: PgliteDatabaseOptions };

/**
 * Options of `MillraceModule.forPublisher()`: the same database, and the same Redis, as the nodes have.
 *
 * @publicApi
 */
export type PublisherOptions = Pick<MillraceOptions, 'redis' | 'stream'> & Required<Pick<MillraceOptions, 'postgres'>>;

/** What a process needs that publishes, whether it has sessions or not. */
export interface ResolvedOutboundOptions {
  readonly database: DatabaseChoice;
  readonly redis: RedisOptions | undefined;
  readonly stream: StreamOptions;
}

/** The options with nothing left open. */
export interface ResolvedOptions extends ResolvedOutboundOptions {
  readonly authenticate: Authenticator;
  readonly transactions: TransactionPort | undefined;
  readonly session: SessionOptions;
  readonly command: CommandOptions;
  readonly channel: ChannelOptions;
  readonly hub: HubOptions;
  readonly health: HealthOptions;
  readonly limits: LimitOptions;
}

/** @throws BootError when something is missing, unknown, out of bounds or contradicts something else */
export function resolveOptions(given: MillraceOptions | undefined): ResolvedOptions {
  // The types do not reach into every factory: one may forget its `return`.
  if (typeof given !== 'object') throw new BootError('MillraceModule has no options: its useFactory returned nothing');
  const outbound = outboundOf(given);
  const resolved: ResolvedOptions = {
    ...outbound,
    authenticate: authenticatorOf(given),
    transactions: given.transactions,
    session: section('session', defaultSessionOptions, given.session),
    command: section('command', defaultCommandOptions, given.command),
    channel: section('channel', defaultChannelOptions, given.channel),
    hub: section('hub', hubDefaults(outbound), given.hub),
    health: section('health', defaultHealthOptions, given.health),
    limits: section('limits', defaultLimitOptions, given.limits),
  };
  checkAcross(resolved);
  return resolved;
}

/** @throws BootError */
export function resolvePublisherOptions(given: PublisherOptions | undefined): ResolvedOutboundOptions {
  if (typeof given !== 'object') throw new BootError('forPublisher() has no options: its useFactory returned nothing');
  return outboundOf(given);
}

function outboundOf(given: Pick<MillraceOptions, 'postgres' | 'embedded' | 'redis' | 'stream'>) {
  const stream = section('stream', defaultStreamOptions, given.stream);
  checkStreamOptions(stream);
  return { database: databaseOf(given), redis: redisOf(given), stream };
}

/** The embedded database has one node, whose own broker brings all there is. */
function hubDefaults({ database, redis }: ResolvedOutboundOptions): HubOptions {
  const isLogOnly = database.kind === 'postgres' && !redis;
  return { ...defaultHubOptions, ...(isLogOnly && logOnlyHubOptions) };
}

function databaseOf({ postgres, embedded }: Pick<MillraceOptions, 'postgres' | 'embedded'>): DatabaseChoice {
  if (postgres && embedded) throw new BootError('Both `postgres` and `embedded` are given: choose one database');
  if (embedded) return { kind: 'embedded', options: embedded };
  if (!postgres) {
    throw new BootError(
      'No database: give `postgres: { connectionString }` or `postgres: { pool }`, or for a demo `embedded: {}`',
    );
  }
  if (!('pool' in postgres) && !postgres.connectionString) {
    throw new BootError('`postgres.connectionString` is empty: set it, or give a pool');
  }
  return { kind: 'postgres', source: postgres };
}

function redisOf({ redis }: Pick<MillraceOptions, 'redis'>): RedisOptions | undefined {
  if (!redis) return undefined;
  const resolved = section('redis', defaultRedisOptions, redis);
  // The address may hold a password, so the message does not repeat it.
  if (!isRedisUrl(resolved.url))
    throw new BootError('`redis.url` must be like redis://host:6379 or rediss://host:6379');
  if (!PREFIX.test(resolved.prefix)) {
    throw new BootError(`\`redis.prefix\` is "${resolved.prefix}"; use letters, digits, _ and -, 40 at most`);
  }
  return resolved;
}

const PREFIX = /^[\w-]{1,40}$/;

const isRedisUrl = (text: unknown): boolean =>
  typeof text === 'string' && /^rediss?:\/\/./.test(text) && URL.canParse(text);

function authenticatorOf({ authenticate }: Partial<MillraceOptions>): Authenticator {
  if (typeof authenticate?.authenticate === 'function') return authenticate;
  throw new BootError('`authenticate` is missing: give jwt({ … }) or an object with a method authenticate(token)');
}

/** Numbers that 0 switches off; all others are at least 1. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set([
  'lagSpreadMs',
  'drainSpreadMs',
  'lingerMs',
  'maxLingeringChannels',
  'canaryIntervalMs',
  'bootTimeoutMs',
]);

function section<T extends object>(name: string, defaults: T, given: Partial<T> = {}): T {
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(defaults, key)) throw new BootError(`There is no option \`${name}.${key}\``);
  }
  // An option that is `undefined`, as configuration services give it, is one that was not given.
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const resolved = { ...defaults, ...(Object.fromEntries(present) as Partial<T>) };
  for (const [key, value] of Object.entries(resolved as Record<string, unknown>)) {
    if (typeof defaults[key as keyof T] !== 'number') continue;
    const least = MAY_BE_ZERO.has(key) ? 0 : 1;
    if (typeof value === 'number' && Number.isFinite(value) && value >= least) continue;
    throw new BootError(`\`${name}.${key}\` is ${String(value)}; it must be a number of at least ${least}`);
  }
  return Object.freeze(resolved);
}
