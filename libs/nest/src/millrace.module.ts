import {
  ConfigurableModuleBuilder,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type Provider,
} from '@nestjs/common';
import {
  ApplicationConfig,
  DiscoveryModule,
  DiscoveryService,
  ExternalContextCreator,
  HttpAdapterHost,
  ModulesContainer,
} from '@nestjs/core';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { NodeAdmin } from './admin/node-admin.js';
import { packageVersion } from './admin/package-version.js';
import { ChannelAccess } from './channel/channel-access.js';
import { systemClock } from './core/clock.js';
import { systemRandom } from './core/random.js';
import { Readiness } from './health/readiness.js';
import { StreamHealth } from './health/stream-health.js';
import { NODE_OPTIONS } from './internal-constants.js';
import { resolveOptions, type MillraceOptions, type PublisherOptions } from './millrace.options.js';
import { NodeHealth } from './node-health.js';
import { LateModules } from './late-modules.js';
import { checkOneMillrace } from './one-millrace.js';
import { PublisherModule } from './publisher.module.js';
import { RingLifecycle } from './ring-lifecycle.js';
import { Ring } from './ring.js';
import { SessionDrain } from './session/session-drain.js';
import { SessionGateway, SessionParts } from './session/session.gateway.js';
import { SharedRooms } from './socket/shared-rooms.js';
import { ChannelPublisher } from './stream/channel-publisher.js';
import { SqlOutbox } from './stream/store/sql-outbox.js';
import { MillraceDatabase } from './stream/transaction/millrace-database.js';
import { Recorder } from './telemetry/recorder.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<MillraceOptions>({
  optionsInjectionToken: NODE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

const fromRing = <T>(read: (ring: Ring) => T) => ({ inject: [Ring], useFactory: read });

const providers: Provider[] = [
  {
    provide: LateModules,
    inject: [DiscoveryService, ModulesContainer],
    useFactory: (discovery: DiscoveryService, modules: ModulesContainer) =>
      new LateModules(discovery, modules, systemClock),
  },
  {
    provide: Ring,
    inject: [
      { token: NODE_OPTIONS, optional: true },
      ModulesContainer,
      DiscoveryService,
      ExternalContextCreator,
      ApplicationConfig,
    ],
    useFactory: (
      options: MillraceOptions | undefined,
      modules: ModulesContainer,
      discovery: DiscoveryService,
      contexts: ExternalContextCreator,
      applicationConfig: ApplicationConfig,
    ) => {
      checkOneMillrace(modules);
      return new Ring(resolveOptions(options), { discovery, contexts, applicationConfig });
    },
  },
  { provide: SessionParts, ...fromRing((ring) => ring.gatewayParts) },
  SessionGateway,
  {
    provide: SessionDrain,
    inject: [SessionGateway, Ring],
    useFactory: (gateway: SessionGateway, { sessions, options }: Ring) =>
      new SessionDrain({
        gateway,
        registry: sessions,
        options: options.session,
        clock: systemClock,
        random: systemRandom,
      }),
  },
  {
    provide: NodeHealth,
    inject: [Ring, SessionDrain],
    useFactory: (ring: Ring, drain: SessionDrain) => new NodeHealth(ring, drain),
  },
  { provide: Readiness, inject: [NodeHealth], useFactory: ({ readiness }: NodeHealth) => readiness },
  {
    provide: RingLifecycle,
    inject: [Ring, SessionDrain, HttpAdapterHost, DiscoveryService, NodeHealth],
    useFactory: (...parts: ConstructorParameters<typeof RingLifecycle>) => new RingLifecycle(...parts),
  },
  {
    provide: StreamHealth,
    inject: [HealthIndicatorService, Readiness],
    useFactory: (indicators: HealthIndicatorService, readiness: Readiness) => new StreamHealth(indicators, readiness),
  },
  {
    provide: NodeAdmin,
    inject: [Ring, SessionDrain, Readiness],
    useFactory: (ring: Ring, drain: SessionDrain, readiness: Readiness) => {
      const admin = new NodeAdmin({
        node: ring.node,
        version: packageVersion(),
        sessions: ring.sessions,
        others: ring.others,
        subscriptions: ring.subscriptions,
        hub: ring.hub,
        store: ring.store,
        commands: ring.commandRoute,
        access: ring.access,
        denials: ring.denials,
        outbox: new SqlOutbox(ring.database, ring.options.stream.schema),
        sequencer: ring.sequencer,
        options: ring.options.stream,
        clock: systemClock,
        databaseClock: ring.databaseClock,
        redis: ring.redisConnections,
        drain,
        readiness,
      });
      ring.others.answer(() => admin.describe());
      return admin;
    },
  },
  { provide: ChannelPublisher, ...fromRing((ring) => ring.publisher) },
  { provide: ChannelAccess, ...fromRing((ring) => ring.access) },
  { provide: Recorder, ...fromRing((ring) => ring.recorder) },
  { provide: SharedRooms, ...fromRing((ring) => ring.sharedRooms) },
  { provide: MillraceDatabase, ...fromRing((ring) => ring.millraceDatabase) },
];

/**
 * Millrace in a Nest application: import it once, with `forRoot` or `forRootAsync`. Its providers are global.
 *
 * @publicApi
 */
@Module({
  imports: [DiscoveryModule, TerminusModule],
  providers,
  exports: [NodeAdmin, ChannelPublisher, ChannelAccess, MillraceDatabase, StreamHealth, Recorder],
})
export class MillraceModule {
  /**
   * For a node: sessions, commands, channels and publishing.
   *
   * @throws BootError at boot, when an option does not exist, is missing, is out of bounds or contradicts another one
   */
  static forRoot(options: MillraceOptions): DynamicModule {
    return { ...ConfigurableModuleClass.forRoot(options), module: MillraceModule };
  }

  /** {@link MillraceModule.forRoot}, with options from a factory, a class or a provider that exists. */
  static forRootAsync(options: ConfigurableModuleAsyncOptions<MillraceOptions>): DynamicModule {
    return { ...ConfigurableModuleClass.forRootAsync(options), module: MillraceModule };
  }

  /**
   * For a process that publishes and has no sessions, such as a worker or a cron job: `ChannelPublisher` and
   * `MillraceDatabase`, on the database and the Redis of the nodes. Without `redis` the nodes find its events in the
   * log, and its `live` events reach nobody.
   */
  static forPublisher(options: PublisherOptions): DynamicModule {
    return PublisherModule.forRoot(options);
  }

  /** {@link MillraceModule.forPublisher}, with options from a factory. */
  static forPublisherAsync(options: ConfigurableModuleAsyncOptions<PublisherOptions>): DynamicModule {
    return PublisherModule.forRootAsync(options);
  }
}
