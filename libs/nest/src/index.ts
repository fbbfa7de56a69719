export { AdminModule, type AdminOptions } from './admin/admin.module.js';
export type { Revocation } from './channel/access-channel.js';
export { ChannelAccess } from './channel/channel-access.js';
export type { AccessOptions, Block, TokenRevocation } from './channel/channel-access.js';
export { ChannelPolicy } from './channel/channel-policy.decorator.js';
export type { ChannelOptions } from './channel/channel.options.js';
export type { Policy } from './channel/policy.js';
export { commandOf, type CommandContext } from './command/command-context.js';
export {
  Command,
  CurrentCommand,
  CurrentPrincipal,
  Gateway,
  Payload,
  Tx,
  type CommandHandlerOptions,
  type HandlerDecorator,
  type PayloadOptions,
} from './command/command.decorators.js';
export type { CommandOptions } from './command/command.options.js';
export { BootError } from './core/boot-error.js';
export { CodedError, type ErrorDetail } from './core/coded-error.js';
export type { GuardOptions } from './core/guarded.js';
export { EndpointsModule } from './health/endpoints.module.js';
export type { HealthOptions } from './health/health.options.js';
export type { LimitOptions, SubjectLimits } from './limits/limits.options.js';
export { StreamHealth } from './health/stream-health.js';
export type { HubOptions } from './hub/hub.options.js';
export { MillraceModule } from './millrace.module.js';
export type { MillraceOptions, PublisherOptions } from './millrace.options.js';
export type { RedisOptions } from './redis/redis.options.js';
export type { Authenticator, Identity } from './session/authenticator.port.js';
export { jwt, type JwtClaims, type JwtOptions } from './session/jwt-authenticator.js';
export type { HmacAlgorithm, JwtKey, PublicKeyAlgorithm } from './session/jwt-key.js';
export type { SessionOptions } from './session/session.options.js';
export { sessionOf } from './session/session-of.js';
export type { Session } from './session/session.js';
export { RealtimeIoAdapter } from './socket/realtime-io-adapter.js';
export {
  ChannelPublisher,
  type Published,
  type PublishOptions,
  type StatementRunner,
} from './stream/channel-publisher.js';
export type { PgSource } from './stream/pg/pg-database.js';
export type { PgClient, PgClients, PgPool, PgQuery, PgResult, PgTypes } from './stream/pg/pg-pool.js';
export { fromPg } from './stream/pg/pg-transactions.js';
export type { PgliteDatabaseOptions } from './stream/pglite/pglite-database.js';
export type { SqlExecutor, SqlRow } from './stream/sql-database.port.js';
export type { StreamOptions } from './stream/stream.options.js';
export { detached } from './stream/transaction/ambient.js';
export { MillraceDatabase } from './stream/transaction/millrace-database.js';
export type { Transaction, TransactionPort } from './stream/transaction/transaction.port.js';
export { useRealtime } from './use-realtime.js';
