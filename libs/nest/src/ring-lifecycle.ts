import { Logger, type BeforeApplicationShutdown, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { DiscoveryService } from '@nestjs/core';
import { accessChannelName } from './channel/access-channel.js';
import type { Readiness } from './health/readiness.js';
import type { Ring } from './ring.js';
import type { RealtimeIoAdapter } from './session/realtime-io-adapter.js';
import { roomsKey } from './session/rooms/rooms-key.js';
import { syncedRooms } from './session/rooms/synced-rooms.js';
import { checkGlobalEnhancers } from './session/global-enhancers.js';
import { checkNamespace } from './session/own-namespace.js';
import type { SessionDrain } from './session/session-drain.js';

/** Starts and stops a node, in the order in which its parts stand on one another. */
export class RingLifecycle implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #logger = new Logger('Millrace');
  #stopped: Promise<void> | undefined;

  constructor(
    private readonly ring: Ring,
    private readonly drain: SessionDrain,
    private readonly adapter: RealtimeIoAdapter,
    private readonly discovery: DiscoveryService,
    private readonly readiness: Readiness,
  ) {}

  /** What is put together wrongly is said before anything is opened. */
  async onModuleInit(): Promise<void> {
    const { commands, policies, channels, store, hub, sequencer, slowSessions, trace, gatewayParts } = this.ring;
    checkNamespace(this.discovery);
    checkGlobalEnhancers(gatewayParts.applicationConfig);
    commands.bind();
    policies.bind();
    if (channels.isEmpty) this.#logger.warn('No class is under @ChannelPolicy(): nobody can subscribe to anything');
    await trace.start();
    await store.start();
    await this.#startRedis();
    await hub.start();
    await hub.attachAhead(accessChannelName);
    sequencer.start();
    slowSessions.start();
    this.readiness.start();
  }

  /** The last hook that is awaited before Nest cuts the sockets. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.drain.drain();
  }

  /** Once: an application may be closed again, by a signal while it closes. */
  onApplicationShutdown(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  /** Not waited for: without it a node works, only later. */
  async #startRedis(): Promise<void> {
    const { redis, subscriber, recorder } = this.ring;
    if (!redis || !subscriber) return;
    const { publisher, options } = redis;
    publisher.start();
    subscriber.start();
    const key = roomsKey(options.prefix, await this.ring.installation());
    this.adapter.syncRooms(syncedRooms({ publisher, subscriber, recorder, key }));
  }

  async #stop(): Promise<void> {
    const { sequencer, hub, store, database, slowSessions, redis, subscriber } = this.ring;
    await this.readiness.stop();
    slowSessions.stop();
    await sequencer.stop();
    await hub.stop();
    await store.stop();
    await Promise.all([redis?.publisher.stop(), subscriber?.stop()]);
    await database.stop();
  }
}
