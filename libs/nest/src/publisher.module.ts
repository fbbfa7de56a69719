import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { ChannelAccess } from './channel/channel-access.js';
import { systemClock } from './core/clock.js';
import { HubHealth } from './health/hub-health.js';
import { RedisHealth } from './health/redis-health.js';
import { StreamHealth } from './health/stream-health.js';
import { resolvePublisherOptions, type PublisherOptions } from './millrace.options.js';
import { ChannelPublisher } from './stream/channel-publisher.js';
import { MillraceDatabase } from './stream/transaction/millrace-database.js';
import { Recorder } from './telemetry/recorder.js';
import { WorkerLifecycle } from './worker-lifecycle.js';
import { WorkerRing } from './worker-ring.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<PublisherOptions>()
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

const fromRing = <T>(read: (ring: WorkerRing) => T) => ({ inject: [WorkerRing], useFactory: read });

/** What `MillraceModule.forPublisher()` imports: publishing, without gateways and sessions. */
@Module({
  imports: [TerminusModule],
  providers: [
    {
      provide: WorkerRing,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: PublisherOptions) => new WorkerRing(resolvePublisherOptions(options)),
    },
    { provide: WorkerLifecycle, ...fromRing((ring) => new WorkerLifecycle(ring)) },
    {
      provide: StreamHealth,
      inject: [HealthIndicatorService, WorkerRing],
      useFactory: (indicators: HealthIndicatorService, { sequencer }: WorkerRing) =>
        new StreamHealth(indicators, { sequencer, drain: { started: false }, clock: systemClock }),
    },
    {
      provide: HubHealth,
      inject: [HealthIndicatorService],
      useFactory: (indicators: HealthIndicatorService) => new HubHealth(indicators, undefined, systemClock),
    },
    {
      provide: RedisHealth,
      inject: [HealthIndicatorService, WorkerRing],
      useFactory: (indicators: HealthIndicatorService, { redis }: WorkerRing) =>
        new RedisHealth(indicators, redis && [redis.publisher]),
    },
    { provide: ChannelPublisher, ...fromRing((ring) => ring.publisher) },
    { provide: ChannelAccess, ...fromRing((ring) => ring.access) },
    { provide: Recorder, ...fromRing((ring) => ring.recorder) },
    { provide: MillraceDatabase, ...fromRing((ring) => ring.millraceDatabase) },
  ],
  exports: [HubHealth, RedisHealth, ChannelPublisher, ChannelAccess, MillraceDatabase, StreamHealth, Recorder],
})
export class PublisherModule extends ConfigurableModuleClass {}
