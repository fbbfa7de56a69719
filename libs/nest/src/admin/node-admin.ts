import { PROTOCOL_VERSION, wireError, type ChannelName } from '@millrace/protocol';
import type { ChannelAccess } from '../channel/channel-access.js';
import type { SubscriptionRegistry } from '../channel/subscription-registry.js';
import type { CommandRoute } from '../command/command-route.js';
import type { Clock } from '../core/clock.js';
import type { DatabaseClock } from '../core/database-clock.js';
import type { Readiness } from '../health/readiness.js';
import type { Hub } from '../hub/hub.js';
import type { Denials } from '../session/denials/denials.js';
import type { NodeDescription } from '../session/rooms/node-description.js';
import type { NodeAnswers, OtherNodes } from '../session/rooms/other-nodes.js';
import type { SessionRegistry } from '../session/session-registry.js';
import type { SessionDrain } from '../session/session-drain.js';
import type { SocketSession } from '../session/socket-session.js';
import type { DeadLetter, Outbox, OutboxSummary, StagedEvent } from '../stream/outbox.port.js';
import { retentionOf } from '../stream/retention.js';
import type { Sequencer } from '../stream/sequencer.js';
import type { StreamOptions } from '../stream/stream.options.js';
import type { StreamStore } from '../stream/stream-store.port.js';

/** Of data in one page of events, whatever the limit: each may be a megabyte. */
const PAGE_MAX_BYTES = 1_048_576;

export interface NodeAdminParts {
  /** Id of this node. */
  readonly node: string;
  /** Of Millrace. */
  readonly version: string;
  readonly sessions: Pick<SessionRegistry, 'all' | 'find' | 'size'>;
  readonly others: Pick<OtherNodes, 'ask'>;
  readonly subscriptions: Pick<SubscriptionRegistry, 'of' | 'on' | 'size'>;
  readonly commands: Pick<CommandRoute, 'inFlight'>;
  readonly hub: Pick<Hub, 'standing'>;
  readonly store: Pick<StreamStore, 'head'>;
  readonly access: ChannelAccess;
  readonly denials: Pick<Denials, 'all'>;
  readonly outbox: Outbox;
  readonly sequencer: Pick<Sequencer, 'kick' | 'lastPassAt'>;
  readonly drain: Pick<SessionDrain, 'started'>;
  readonly readiness: Pick<Readiness, 'current' | 'report'>;
  /** Connections to Redis; absent where there is none. */
  readonly redis: readonly { readonly isUp: boolean }[] | undefined;
  readonly options: Pick<StreamOptions, 'retentionMs' | 'channelRetentionMs'>;
  readonly clock: Clock;
  readonly databaseClock: Pick<DatabaseClock, 'skewMs'>;
}

/** What an operator may see of this node and do to it. */
export class NodeAdmin {
  constructor(private readonly parts: NodeAdminParts) {}

  describe(): NodeDescription {
    const { node, version, sessions, subscriptions, sequencer, drain, redis, readiness, clock, databaseClock } =
      this.parts;
    const { state, reason } = readiness.current();
    return {
      id: node,
      uptimeMs: Math.round(process.uptime() * 1_000),
      versions: { millrace: version, protocol: PROTOCOL_VERSION, node: process.version },
      draining: drain.started,
      sessions: sessions.size,
      subscriptions: subscriptions.size,
      passAgeMs: sequencer.lastPassAt === undefined ? null : Math.round(clock.monotonic() - sequencer.lastPassAt),
      clockSkewMs: databaseClock.skewMs === undefined ? null : Math.round(databaseClock.skewMs),
      redis: redis ? (redis.every(({ isUp }) => isUp) ? 'up' : 'down') : 'none',
      state,
      ...(reason !== undefined && { reason }),
      health: readiness.report(),
    };
  }

  /** All nodes, or this one and those that answer where not all can be asked. */
  async nodes(): Promise<NodeAnswers> {
    const { nodes, complete } = await this.parts.others.ask();
    return { nodes: [this.describe(), ...nodes], complete };
  }

  /** In the order of their ids, behind `after`. */
  sessionsAfter(after: string, limit: number, subject?: string): object[] {
    const all = this.parts.sessions.all();
    return all
      .filter(({ id, subject: own }) => id > after && (subject === undefined || own === subject))
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .slice(0, limit)
      .map((session) => this.#summaryOf(session));
  }

  session(id: string): object | undefined {
    const { sessions, subscriptions, commands, hub } = this.parts;
    const session = sessions.find(id);
    if (!session) return undefined;
    return {
      ...this.#summaryOf(session),
      waitingBytes: session.waitingBytes,
      commandsInFlight: commands.inFlight(session),
      channels: subscriptions.of(session).map(({ channel }) => ({
        name: channel,
        followedTo: hub.standing(channel)?.last.offset ?? null,
      })),
    };
  }

  get access(): ChannelAccess {
    return this.parts.access;
  }

  /** As this node knows them, behind `after`, which is a kind and a key. */
  denialsAfter(after: string, limit: number): object[] {
    return this.parts.denials
      .all()
      .map((denial) => ({ id: `${denial.kind} ${denial.key}`, ...denial }))
      .filter(({ id }) => id > after)
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .slice(0, limit);
  }

  /** Its client connects again by itself, if it still may. */
  disconnect(id: string): boolean {
    const session = this.parts.sessions.find(id);
    session?.close(wireError('SESSION_ENDED'));
    return session !== undefined;
  }

  async channel(name: ChannelName): Promise<object> {
    const { store, hub, subscriptions, options } = this.parts;
    const head = await store.head(name);
    return {
      name,
      epoch: head.epoch,
      head: head.offset,
      retentionMs: retentionOf(name, options),
      followedTo: hub.standing(name)?.last.offset ?? null,
      subscribers: subscriptions.on(name),
    };
  }

  async outbox(after: string, limit: number): Promise<OutboxSummary & { readonly events: readonly StagedEvent[] }> {
    const { outbox } = this.parts;
    const summary = await outbox.summary();
    return { ...summary, events: await outbox.staged(outboxPage(after, limit)) };
  }

  deadLetters(after: string, limit: number): Promise<readonly DeadLetter[]> {
    return this.parts.outbox.deadLetters(outboxPage(after, limit));
  }

  /** Whether there was one. */
  async retry(seq: string): Promise<boolean> {
    const found = await this.parts.outbox.retry(seq);
    if (found) this.parts.sequencer.kick();
    return found;
  }

  /** Whether there was one. */
  drop(seq: string): Promise<boolean> {
    return this.parts.outbox.drop(seq);
  }

  /** Of the handshake only what it says about the connection: the rest is the client's. */
  #summaryOf(session: SocketSession): object {
    const { id, subject, state, socket } = session;
    const { issued, address } = socket.handshake;
    const { length } = this.parts.subscriptions.of(session);
    return { id, subject, state: state.kind, since: issued, address, subscriptions: length };
  }
}

const outboxPage = (after: string, limit: number) => ({ after, maxEvents: limit, maxBytes: PAGE_MAX_BYTES });
