import type { ApplicationConfig, DiscoveryService, ExternalContextCreator } from '@nestjs/core';
import type { Broker } from './broker/broker.port.js';
import { MemoryBroker } from './broker/memory/memory-broker.js';
import { RedisBroker } from './broker/redis/redis-broker.js';
import { AccessRoom } from './channel/access-room.js';
import { Authorizer, type Places } from './channel/authorizer.js';
import { accessChannelName } from './channel/access-channel.js';
import type { ChannelAccess } from './channel/channel-access.js';
import { ChannelExplorer } from './channel/channel-explorer.js';
import { ChannelRegistry } from './channel/channel-registry.js';
import { HistoryRoute } from './channel/history-route.js';
import { Grants } from './channel/resume/grants.js';
import { Resumes } from './channel/resume/resumes.js';
import { Withdrawals } from './channel/resume/withdrawals.js';
import { SubscribeRoute } from './channel/subscribe-route.js';
import { Subscriber } from './channel/subscriber.js';
import { SubscriptionRegistry } from './channel/subscription-registry.js';
import { UnheardChannels } from './channel/unheard-channels.js';
import { UnsubscribeRoute } from './channel/unsubscribe-route.js';
import { CommandExplorer } from './command/command-explorer.js';
import { CommandRoute } from './command/command-route.js';
import { systemClock } from './core/clock.js';
import { randomIds } from './core/ids.js';
import { systemRandom } from './core/random.js';
import { Hub } from './hub/hub.js';
import type { ResolvedOptions } from './millrace.options.js';
import { OutboundRing } from './outbound-ring.js';
import { RedisSubscriber } from './redis/redis-subscriber.js';
import { AuthenticateRoute } from './session/authenticate-route.js';
import { CodedAnswer } from './session/coded-answer.js';
import { Denials } from './session/denials/denials.js';
import { FrameDispatcher } from './session/frame-dispatcher.js';
import type { FrameRoute } from './session/frame-route.js';
import { Identify } from './session/identify.js';
import { NestInvoker } from './session/nest-invoker.js';
import { PingRoute } from './session/ping-route.js';
import { LateRefusals } from './session/refusals/late-refusals.js';
import { RefusalTally } from './session/refusals/refusal-tally.js';
import { OtherNodes } from './session/rooms/other-nodes.js';
import { SessionRegistry } from './session/session-registry.js';
import { SlowSessions } from './session/slow-sessions.js';
import type { SessionParts } from './session/session.gateway.js';
import { SocketRoomEmitter } from './session/socket-room-emitter.js';
import { handshakesRefused } from './session/session.metrics.js';
import { ConnectLimits } from './limits/connect-limits.js';
import { PrincipalLimits } from './limits/principal-limits.js';
import { SubjectRates } from './limits/subject-rates.js';
import { ConnectionGuards } from './limits/connection-guards.js';
import { RealtimeServer } from './socket/realtime-server.js';
import { SharedRooms } from './socket/shared-rooms.js';
import type { ChannelPublisher } from './stream/channel-publisher.js';
import { selectDenials } from './stream/store/denials.js';
import { DatabaseTransactions } from './stream/transaction/database-transactions.js';
import { FairTransactions } from './stream/transaction/fair-transactions.js';
import type { TransactionPort } from './stream/transaction/transaction.port.js';

/** What the ring needs of the application that it is in. */
export interface RingHost {
  readonly discovery: DiscoveryService;
  readonly contexts: ExternalContextCreator;
  readonly applicationConfig: ApplicationConfig;
}

/**
 * All parts of one node, put together along the way of a message:
 *
 * ```
 * command in :  session ▶ command ▶ transaction ▶ publisher ▶ store
 * event out  :  store ▶ sequencer ▶ broker ▶ hub ▶ emitter
 * reconnect  :  session ▶ subscriber ▶ hub
 * ```
 */
export class Ring extends OutboundRing {
  readonly answers = new CodedAnswer(randomIds);

  // stream
  readonly publisher: ChannelPublisher;

  // broker, hub
  readonly subscriber: RedisSubscriber | undefined;
  readonly broker: Broker;
  readonly emitter = new SocketRoomEmitter();
  readonly others = new OtherNodes({
    isConnected: () => this.redisConnections?.every(({ isUp }) => isUp) ?? false,
    clock: systemClock,
    ids: randomIds,
  });
  readonly subscriptions: SubscriptionRegistry;
  readonly hub: Hub;

  // limits
  readonly connects: ConnectLimits;
  readonly rates: SubjectRates;

  // socket
  readonly realtime: RealtimeServer;
  readonly sharedRooms = new SharedRooms();

  // session, command, channel
  readonly refusals = new RefusalTally(systemClock);
  readonly sessions: SessionRegistry;
  readonly slowSessions: SlowSessions;
  readonly authorizer: Authorizer;
  readonly places: Places = {
    settled: (channel) => this.hub.settled(channel),
    logEnd: (channel) => this.hub.logEnd(channel),
    access: () => this.hub.standing(accessChannelName)?.last,
  };
  readonly withdrawals: Withdrawals;
  readonly denials: Denials;
  readonly access: ChannelAccess;
  readonly transactions: TransactionPort;
  readonly commandRoute: CommandRoute;
  readonly commands: CommandExplorer;
  readonly policies: ChannelExplorer;
  readonly channels = new ChannelRegistry();
  readonly gatewayParts: SessionParts;

  constructor(
    readonly options: ResolvedOptions,
    host: RingHost,
  ) {
    super(options);
    const clock = systemClock;
    const { recorder, answers, databaseClock } = this;
    const { stream, session, channel, hub, command } = options;

    this.subscriber = this.redis && new RedisSubscriber(this.redis.connection);
    this.broker =
      this.redis && this.subscriber
        ? new RedisBroker({ ...this.senderParts(this.redis), subscriber: this.subscriber, clock: databaseClock })
        : new MemoryBroker(recorder);
    const limits = new PrincipalLimits(options.limits);
    this.connects = new ConnectLimits({ options: options.limits, limits, clock, recorder });
    this.rates = new SubjectRates(limits, clock, recorder);
    this.subscriptions = new SubscriptionRegistry(
      {
        maxSubscriptions: session.maxSubscriptions,
        lagSpreadMs: channel.lagSpreadMs,
        maxOfSubject: ({ principal }) => limits.of(principal).maxSubscriptionsPerSubject,
      },
      systemRandom,
      recorder,
    );
    this.authorizer = new Authorizer({
      channels: this.channels,
      subscriptions: this.subscriptions,
      ambient: this.database.ambient,
      clock,
      recorder,
      options: channel,
      places: this.places,
    });
    this.sessions = new SessionRegistry(recorder);
    this.denials = new Denials({
      read: () => selectDenials(this.database, stream.schema),
      registry: this.sessions,
      clock,
      databaseClock,
      recorder,
    });
    this.withdrawals = new Withdrawals(this.store, clock);
    const accessRoom = new AccessRoom(this.emitter, this.subscriptions, this.authorizer, {
      withdrawals: this.withdrawals,
      denials: this.denials,
    });
    this.hub = new Hub({
      store: this.store,
      broker: this.broker,
      emitter: accessRoom,
      audience: accessRoom,
      clock: databaseClock,
      random: systemRandom,
      recorder,
      account: this.account,
      options: hub,
    });
    this.sequencer.onBatches((batches) => this.broker.publish(batches));
    const unheard = new UnheardChannels(this.channels);
    this.publisher = this.channelPublisher({
      live: this.hub,
      onPublish: (contract) => unheard.published(contract),
    });

    const guards = new ConnectionGuards({ clock, recorder, options: session });
    this.realtime = new RealtimeServer({
      options: session,
      clock,
      connects: this.connects,
      guards,
      onRefused: (reason) => recorder.count(handshakesRefused, { reason }),
    });
    const invoker = new NestInvoker(host.contexts);
    const identify = new Identify(options.authenticate, session, clock, this.refusals, this.denials);
    this.slowSessions = new SlowSessions({
      registry: this.sessions,
      liveFlow: this.subscriptions,
      recorder,
      clock,
      random: systemRandom,
      account: this.account,
    });
    this.access = this.channelAccess(this.publisher);
    const bounds = { maxDepth: session.maxFrameDepth, maxNodes: session.maxFrameNodes };
    const { maxCommandsInFlight } = session;
    this.commandRoute = new CommandRoute({
      answers,
      recorder,
      clock,
      options: command,
      maxCommandsInFlight,
      bounds,
    });
    const routes = [
      this.commandRoute,
      new AuthenticateRoute(identify, clock, this.authorizer),
      new PingRoute(),
      ...this.#channelRoutes(),
    ];

    const { ambient } = this.database;
    const { maxTransactions } = command;
    this.transactions = options.transactions
      ? new FairTransactions(options.transactions, { ambient, clock, recorder, maxTransactions })
      : new DatabaseTransactions(this.database);
    this.commands = new CommandExplorer(host.discovery, this.commandRoute, {
      invoker,
      ambient: this.database.ambient,
      transactions: this.transactions,
      maxEventsPerTransaction: stream.maxEventsPerTransaction,
    });
    this.policies = new ChannelExplorer(host.discovery, this.channels, invoker);
    this.gatewayParts = {
      namespace: this.realtime.namespace,
      applicationConfig: host.applicationConfig,
      identify,
      lateRefusals: new LateRefusals(this.refusals, clock, session.authenticateTimeoutMs),
      connects: this.connects,
      guards,
      registry: this.sessions,
      denials: this.denials,
      dispatcher: new FrameDispatcher(routes, {
        registry: this.sessions,
        answers,
        recorder,
        rates: this.rates,
        options: session,
      }),
      emitter: this.emitter,
      others: this.others,
      answers,
      recorder,
      options: session,
      clock,
    };
  }

  /** Absent where no Redis is configured. */
  get redisConnections(): readonly { readonly isUp: boolean }[] | undefined {
    return this.redis && this.subscriber && [this.redis.publisher, this.subscriber];
  }

  #channelRoutes(): FrameRoute[] {
    const { hub, authorizer, subscriptions, withdrawals, places, answers, recorder, rates } = this;
    const { channel, session } = this.options;
    const { busyRetryAfterMs } = channel;
    const grants = new Grants(this.keys.signer('positions'));
    const subscriber = new Subscriber({
      hub,
      authorizer,
      subscriptions,
      resumes: new Resumes({ grants, withdrawals, authorizer, places, busyRetryAfterMs }),
      answers,
      busyRetryAfterMs,
      rates,
    });
    return [
      new SubscribeRoute({
        subscriber,
        authorizer,
        subscriptions,
        recorder,
        options: channel,
        maxPending: session.maxSubscriptions,
      }),
      new UnsubscribeRoute(subscriptions),
      new HistoryRoute({ hub, authorizer, answers, recorder, options: channel }),
    ];
  }
}
