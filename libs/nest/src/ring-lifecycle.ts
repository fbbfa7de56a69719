import type { Server as HttpServer } from 'node:http';
import {
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { DiscoveryService, HttpAdapterHost } from '@nestjs/core';
import { riskyOptions } from './check-across-options.js';
import { accessChannelName } from './channel/access-channel.js';
import { systemClock } from './core/clock.js';
import { writeError } from './core/log-error.js';
import type { NodeHealth } from './node-health.js';
import type { Ring } from './ring.js';
import { roomsKey } from './session/rooms/rooms-key.js';
import { syncedRooms } from './session/rooms/synced-rooms.js';
import { checkGlobalEnhancers } from './session/global-enhancers.js';
import type { SessionDrain } from './session/session-drain.js';
import { ListenWatch } from './socket/listen-watch.js';
import { stopSteps } from './stop-steps.js';
import { checkPath } from './socket/path-conflicts.js';
import { LineLogger } from './core/log/line-logger.js';

/** Starts and stops a node, in the order in which its parts stand on one another. */
export class RingLifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #logger = new LineLogger();
  #stopped: Promise<void> | undefined;
  #listenWatch: ListenWatch | undefined;

  constructor(
    private readonly ring: Ring,
    private readonly drain: SessionDrain,
    private readonly host: HttpAdapterHost,
    private readonly discovery: DiscoveryService,
    private readonly health: NodeHealth,
  ) {}

  /** What is put together wrongly is said before anything is opened. */
  async onModuleInit(): Promise<void> {
    const {
      commands,
      policies,
      channels,
      store,
      keys,
      hub,
      sequencer,
      slowSessions,
      trace,
      gatewayParts,
      wait,
      withdrawals,
      denials,
    } = this.ring;
    this.#checkPath();
    for (const risk of riskyOptions(this.ring.options))
      this.#logger.warn(`Options that do not go well together: ${risk}`);
    checkGlobalEnhancers(gatewayParts.applicationConfig);
    commands.bind();
    policies.bind();
    if (channels.isEmpty) this.#logger.warn('No class is under @ChannelPolicy(): nobody can subscribe to anything');
    await trace.start();
    await store.start();
    await wait.until(() => keys.start());
    await this.#startRedis();
    await wait.until(() => hub.start());
    await wait.until(() => hub.attachAhead(accessChannelName));
    await wait.until(() => withdrawals.start());
    await wait.until(() => denials.start());
    sequencer.start();
    slowSessions.start();
    await this.health.start();
  }

  /** Clients come in once all of the application is there. */
  onApplicationBootstrap(): void {
    const http = this.#http;
    if (!http) return this.#sayNobodyConnects();
    const watch = new ListenWatch(http, systemClock, (error) => void this.#giveUp(error));
    this.#listenWatch = watch;
    this.ring.realtime.attach(http, (error) => watch.failed(error));
  }

  /** The last hook that is awaited before Nest closes its HTTP server, which waits for all connections to end. */
  async beforeApplicationShutdown(): Promise<void> {
    this.ring.wait.halt();
    this.#listenWatch?.stop();
    await this.drain.drain();
    await this.ring.realtime.close();
  }

  /** Once: an application may be closed again, by a signal while it closes. */
  onApplicationShutdown(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  /** Nobody can reach this node, and its connections and timers alone would keep the process alive. */
  async #giveUp(error: unknown): Promise<void> {
    writeError(this.#logger, 'Millrace stops, because the HTTP server of the application could not listen', error);
    try {
      await this.beforeApplicationShutdown();
      await this.onApplicationShutdown();
    } catch (failure) {
      writeError(this.#logger, 'Millrace could not stop', failure);
    }
  }

  #sayNobodyConnects(): void {
    this.#logger.warn(
      'This process has no HTTP server (createApplicationContext(), createMicroservice()), so no client can connect: it ' +
        'only publishes, for which MillraceModule.forPublisher() is enough',
    );
  }

  /** Absent in an application context: it has no HTTP, and so no sessions. */
  get #http(): HttpServer | undefined {
    return this.host.httpAdapter?.getHttpServer() as HttpServer | undefined;
  }

  #checkPath(): void {
    const { options, gatewayParts } = this.ring;
    const http = this.#http;
    if (!http) return;
    checkPath({ discovery: this.discovery, config: gatewayParts.applicationConfig, http, path: options.session.path });
  }

  /** Not waited for: without it a node works, only later. */
  async #startRedis(): Promise<void> {
    const { redis, subscriber, recorder } = this.ring;
    if (!redis || !subscriber) return;
    const { publisher, options } = redis;
    publisher.start();
    subscriber.start();
    const installation = await this.ring.wait.until(() => this.ring.installation());
    this.ring.connects.share(publisher.connection.client, `${options.prefix}:${installation}:limits`);
    const key = roomsKey(options.prefix, installation);
    const rooms = syncedRooms({ publisher, subscriber, recorder, key });
    this.ring.realtime.syncRooms(rooms.own);
    this.ring.sharedRooms.syncRooms(rooms.shared);
  }

  #stop(): Promise<void> {
    const { sequencer, hub, withdrawals, denials, store, keys, database, slowSessions, redis, subscriber, wait } =
      this.ring;
    wait.halt();
    return stopSteps(systemClock, [
      ['readiness', () => this.health.stop()],
      ['watch over slow sessions', () => slowSessions.stop()],
      ['sequencer', () => sequencer.stop()],
      ['hub', () => hub.stop()],
      ['withdrawals', () => withdrawals.stop()],
      ['denials', () => denials.stop()],
      ['store', () => store.stop()],
      ['secrets', () => keys.stop()],
      ['Redis', () => Promise.all([redis?.publisher.stop(), subscriber?.stop()])],
      ['database', () => database.stop()],
      ['start', () => wait.end()],
    ]);
  }
}
