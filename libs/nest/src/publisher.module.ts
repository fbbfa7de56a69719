import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { ChannelAccess } from './channel/channel-access.js';
import { Readiness } from './health/readiness.js';
import { StreamHealth } from './health/stream-health.js';
import { checkOneMillrace } from './one-millrace.js';
import { resolvePublisherOptions, type PublisherOptions } from './millrace.options.js';
import { publisherReadiness } from './publisher-readiness.js';
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
      inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
      useFactory: (options: PublisherOptions, modules: ModulesContainer) => {
        checkOneMillrace(modules);
        return new WorkerRing(resolvePublisherOptions(options));
      },
    },
    { provide: Readiness, ...fromRing(publisherReadiness) },
    {
      provide: WorkerLifecycle,
      inject: [WorkerRing, Readiness],
      useFactory: (ring: WorkerRing, readiness: Readiness) => new WorkerLifecycle(ring, readiness),
    },
    {
      provide: StreamHealth,
      inject: [HealthIndicatorService, Readiness],
      useFactory: (indicators: HealthIndicatorService, readiness: Readiness) => new StreamHealth(indicators, readiness),
    },
    { provide: ChannelPublisher, ...fromRing((ring) => ring.publisher) },
    { provide: ChannelAccess, ...fromRing((ring) => ring.access) },
    { provide: Recorder, ...fromRing((ring) => ring.recorder) },
    { provide: MillraceDatabase, ...fromRing((ring) => ring.millraceDatabase) },
  ],
  exports: [ChannelPublisher, ChannelAccess, MillraceDatabase, StreamHealth, Recorder],
})
export class PublisherModule extends ConfigurableModuleClass {}
