import { randomUUID } from 'node:crypto';
import type { ChannelName } from '@millrace/protocol';
import { ACCESS_CHANNEL } from '../../core/own-channels.js';
import { serviceAddress } from '../../../../../test/support/service-address.js';
import type { Broker } from '../../broker/broker.port.js';
import { RedisBroker } from '../../broker/redis/redis-broker.js';
import { systemClock } from '../../core/clock.js';
import type { OrderCheck } from '../../core/order-check.js';
import type { Placed } from '../../core/stream-event.js';
import { RedisPublisher } from '../../redis/redis-publisher.js';
import { testSeal } from '../../redis/testing/test-seal.js';
import { RedisSubscriber } from '../../redis/redis-subscriber.js';
import { PgDatabase } from '../../stream/pg/pg-database.js';
import { Sequencer } from '../../stream/sequencer.js';
import type { SqlDatabase } from '../../stream/sql-database.port.js';
import { installationOf } from '../../stream/store/installation.js';
import { SqlStreamStore } from '../../stream/store/sql-stream-store.js';
import { defaultStreamOptions } from '../../stream/stream.options.js';
import type { StreamStore } from '../../stream/stream-store.port.js';
import { newEvent } from '../../stream/testing/stream-harness.js';
import { silentRecorder } from '../../telemetry/recorder.js';
import { defaultHubOptions } from '../hub.options.js';
import { Hub } from '../hub.js';
import { RecordingRooms } from './recording-rooms.js';

/** Where a test breaks what keeps a promise. */
export interface NodeSeams {
  readonly database?: (inner: SqlDatabase) => SqlDatabase;
  readonly store?: (inner: StreamStore) => StreamStore;
  readonly broker?: (inner: Broker) => Broker;
  readonly checkOrder?: OrderCheck;
  readonly digestIntervalMs?: number;
}

/** The way of an event through one node, from its publish to the rooms, on the real PostgreSQL and the real Redis. */
export class InProcessNode {
  readonly rooms = new RecordingRooms();
  readonly store: StreamStore;
  readonly sequencer: Sequencer;
  readonly hub: Hub;
  readonly #database: PgDatabase;
  readonly #publisher: RedisPublisher;
  readonly #subscriber: RedisSubscriber;

  private constructor(connectionString: string, { checkOrder, digestIntervalMs, ...seams }: NodeSeams) {
    const common = { clock: systemClock, random: () => 0.5, recorder: silentRecorder };
    this.#database = new PgDatabase({ connectionString }, { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 });
    const database = seams.database?.(this.#database) ?? this.#database;
    const store = new SqlStreamStore({ ...common, database, options: defaultStreamOptions });
    this.store = seams.store?.(store) ?? store;
    this.sequencer = new Sequencer({ ...common, store: this.store, options: defaultStreamOptions });
    const redis = { ...common, url: serviceAddress('REDIS_URL'), seal: testSeal() };
    this.#publisher = new RedisPublisher(redis);
    this.#subscriber = new RedisSubscriber(redis);
    const redisBroker = new RedisBroker({
      publisher: this.#publisher,
      subscriber: this.#subscriber,
      clock: systemClock,
      recorder: silentRecorder,
      node: randomUUID(),
      prefix: 'test',
      installation: () => installationOf(this.#database, defaultStreamOptions.schema),
    });
    const broker = seams.broker?.(redisBroker) ?? redisBroker;
    this.sequencer.onBatches((batches) => broker.publish(batches));
    this.hub = new Hub({
      ...common,
      store: this.store,
      broker,
      emitter: this.rooms,
      audience: { lagging: () => {} },
      options: { ...defaultHubOptions, ...(digestIntervalMs !== undefined && { digestIntervalMs }) },
      ...(checkOrder && { checkOrder }),
    });
  }

  static async start(connectionString: string, seams: NodeSeams = {}): Promise<InProcessNode> {
    const node = new InProcessNode(connectionString, seams);
    node.#publisher.start();
    node.#subscriber.start();
    await node.store.start();
    node.sequencer.start();
    await node.hub.start();
    await node.hub.attachAhead(ACCESS_CHANNEL as ChannelName);
    return node;
  }

  get isConnected(): boolean {
    return this.#publisher.isUp && this.#subscriber.isUp;
  }

  publish(channel: ChannelName): Promise<Placed> {
    return this.sequencer.publish(newEvent(channel));
  }

  /** A withdrawal: which one does not matter here. */
  withdraw(): Promise<Placed> {
    return this.publish(ACCESS_CHANNEL as ChannelName);
  }

  /** Ids of what left for rooms, withdrawals included, in this order. */
  get journal(): string[] {
    return this.rooms.emitted.flatMap((one) => (one.kind === 'events' ? one.frame.events.map(({ id }) => id) : []));
  }

  /** Ids of what left for the room of `channel`. */
  emitted(channel: ChannelName): string[] {
    return this.rooms.emitted.flatMap((one) =>
      one.kind === 'events' && one.frame.channel === channel ? one.frame.events.map(({ id }) => id) : [],
    );
  }

  async log(channel: ChannelName): Promise<string[]> {
    const page = await this.store.history(channel, undefined, { maxEvents: 1_000, maxBytes: 1_000_000 });
    return page.outcome === 'unrecoverable' ? [] : page.events.map(({ id }) => id);
  }

  async stop(): Promise<void> {
    await this.sequencer.stop();
    await this.hub.stop();
    await this.store.stop();
    await Promise.all([this.#publisher.stop(), this.#subscriber.stop(), this.#database.stop()]);
  }
}
