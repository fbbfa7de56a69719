import { wireError, type ChannelName } from '@millrace/protocol';
import type { Socket } from 'socket.io';
import type { SubscriptionRegistry } from '../channel/subscription-registry.js';
import type { Hub } from '../hub/hub.js';
import type { OtherNodes } from '../session/rooms/other-nodes.js';
import type { SessionRegistry } from '../session/session-registry.js';
import type { SessionDrain } from '../session/session-drain.js';
import type { SocketSession } from '../session/socket-session.js';
import { quoted } from '../stream/migrations/migration.js';
import { retentionOf } from '../stream/retention.js';
import type { Sequencer } from '../stream/sequencer.js';
import type { SqlDatabase } from '../stream/sql-database.port.js';
import {
  dropDeadLetter,
  retryDeadLetter,
  selectDeadLetters,
  selectOutbox,
  type DeadLetter,
  type OutboxSummary,
} from '../stream/store/dead-letters.js';
import type { StreamOptions } from '../stream/stream.options.js';
import type { StreamStore } from '../stream/stream-store.port.js';

export interface NodeAdminParts {
  /** Id of this node. */
  readonly node: string;
  readonly sessions: SessionRegistry;
  readonly others: OtherNodes;
  readonly subscriptions: SubscriptionRegistry;
  readonly hub: Pick<Hub, 'standing'>;
  readonly store: Pick<StreamStore, 'head'>;
  readonly database: SqlDatabase;
  readonly sequencer: Pick<Sequencer, 'kick' | 'lastPassAt'>;
  readonly drain: Pick<SessionDrain, 'started'>;
  /** Connections to Redis; absent where there is none. */
  readonly redis: readonly { readonly isUp: boolean }[] | undefined;
  readonly options: StreamOptions;
}

/** What an operator may see of this node and do to it. */
export class NodeAdmin {
  readonly #schema: string;

  constructor(private readonly parts: NodeAdminParts) {
    this.#schema = quoted(parts.options.schema);
    parts.others.answer(() => this.describe());
  }

  describe(): object {
    const { node, sessions, subscriptions, sequencer, drain, redis } = this.parts;
    const all = sessions.all();
    return {
      id: node,
      uptimeMs: Math.round(process.uptime() * 1_000),
      draining: drain.started,
      sessions: all.length,
      subscriptions: all.reduce((sum, session) => sum + subscriptions.of(session).length, 0),
      lastPassAt: sequencer.lastPassAt ?? null,
      redis: redis ? (redis.every(({ isUp }) => isUp) ? 'up' : 'down') : 'none',
    };
  }

  /** All nodes, or this one and those that answer where not all can be asked. */
  async nodes(): Promise<{ readonly nodes: readonly object[]; readonly complete: boolean }> {
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
    const session = this.#find(id);
    if (!session) return undefined;
    const channels = this.parts.subscriptions.of(session).map(({ channel }) => channel);
    return { ...this.#summaryOf(session), waitingBytes: session.waitingBytes, channels };
  }

  /** Its client connects again by itself, if it still may. */
  disconnect(id: string): boolean {
    const session = this.#find(id);
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
      subscribers: subscriptions.where(({ channel }) => channel === name).length,
    };
  }

  outbox(): Promise<OutboxSummary> {
    return selectOutbox(this.parts.database.reader, this.#schema);
  }

  deadLetters(after: string, limit: number): Promise<readonly DeadLetter[]> {
    return selectDeadLetters(this.parts.database.reader, this.#schema, { after, limit });
  }

  /** Whether there was one. */
  async retry(seq: string): Promise<boolean> {
    const found = await retryDeadLetter(this.parts.database, this.#schema, seq);
    this.parts.sequencer.kick();
    return found;
  }

  /** Whether there was one. */
  drop(seq: string): Promise<boolean> {
    return dropDeadLetter(this.parts.database, this.#schema, seq);
  }

  #find(id: string): SocketSession | undefined {
    return this.parts.sessions.all().find((session) => session.id === id);
  }

  /** Of the handshake only what it says about the connection: the rest is the client's. */
  #summaryOf({ id, subject, state, socket }: SocketSession): object {
    const { issued, address }: Socket['handshake'] = socket.handshake;
    const { length } = this.parts.subscriptions.of(this.#find(id)!);
    return { id, subject, state: state.kind, since: issued, address, subscriptions: length };
  }
}
