import type { ChannelName } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import type { Random } from '../core/random.js';
import { nextTick, type Tick } from '../core/tick.js';
import type { Audience } from '../hub/audience.port.js';
import { safely } from '../core/safely.js';
import { limitReached } from '../limits/limit-reached.js';
import { limitsRefused } from '../limits/limits.metrics.js';
import { Tally } from '../core/tally.js';
import type { Session } from '../session/session.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { Revocation } from './access-channel.js';
import { subscriptionsOpen } from './channel.metrics.js';
import { Subscription } from './subscription.js';

export interface SubscriptionBounds {
  /** Of one session, those that are not answered yet included. */
  readonly maxSubscriptions: number;
  readonly lagSpreadMs: number;
  /** Of all sessions of the subject of one. */
  readonly maxOfSubject: (session: Session) => number;
}

/** Subscriptions of one session that have to be asked for again, within `spreadMs`. */
interface AskAgain {
  readonly subscriptions: Subscription[];
  spreadMs: number;
}

/** By then another session of the subject may have ended. */
const SUBJECT_RETRY_AFTER_MS = 5_000;

/** The subscriptions of this node's sessions. */
export class SubscriptionRegistry implements Audience {
  readonly #bySession = new Map<Session, Map<ChannelName, Subscription>>();
  readonly #byChannel = new Map<ChannelName, Set<Subscription>>();
  /** Put out of their rooms, and not told yet. One frame a session and tick, whatever it is for and how often. */
  readonly #toTell = new Map<Session, AskAgain>();
  /** Told, and not back yet: to be told again would bring nobody back earlier. */
  readonly #told = new WeakSet<Subscription>();
  readonly #bySubject = new Tally();
  #size = 0;

  constructor(
    private readonly bounds: SubscriptionBounds,
    private readonly random: Random,
    private readonly recorder: Recorder,
    private readonly tick: Tick = nextTick,
  ) {}

  /** @throws CodedError `SUBSCRIPTION_LIMIT`, or `SESSION_ENDED` when nobody would ever end it */
  open(session: Session, channel: ChannelName): Subscription {
    if (session.ended.aborted) throw new CodedError('SESSION_ENDED');
    const ofSession = this.#bySession.get(session) ?? new Map<ChannelName, Subscription>();
    const known = ofSession.get(channel);
    if (known) this.#told.delete(known);
    if (known) return known;
    if (ofSession.size >= this.bounds.maxSubscriptions) throw new CodedError('SUBSCRIPTION_LIMIT');
    if (this.#bySubject.of(session.payer) >= this.bounds.maxOfSubject(session)) throw this.#tooMany();
    this.#bySubject.add(session.payer, 1);
    const subscription = new Subscription(session, channel);
    this.#bySession.set(session, ofSession.set(channel, subscription));
    this.#byChannel.set(channel, (this.#byChannel.get(channel) ?? new Set()).add(subscription));
    this.#resized(1);
    return subscription;
  }

  find(session: Session, channel: ChannelName): Subscription | undefined {
    return this.#bySession.get(session)?.get(channel);
  }

  of(session: Session): readonly Subscription[] {
    return [...(this.#bySession.get(session)?.values() ?? [])];
  }

  /** Those that somebody wants. */
  get channels(): readonly ChannelName[] {
    return [...this.#byChannel.keys()];
  }

  /** How many there are of one channel. */
  on(channel: ChannelName): number {
    return this.#byChannel.get(channel)?.size ?? 0;
  }

  get size(): number {
    return this.#size;
  }

  /** By the fewest there are to look at: those of one channel, or all sessions. */
  matching({ subject, channel }: Revocation): readonly Subscription[] {
    const isOf = ({ subject: own }: Session): boolean => subject === undefined || subject === own;
    if (channel !== undefined) return [...(this.#byChannel.get(channel) ?? [])].filter(({ session }) => isOf(session));
    return [...this.#bySession.keys()].filter(isOf).flatMap((session) => this.of(session));
  }

  end(subscription: Subscription, why: CodedError): void {
    const { session, channel } = subscription;
    subscription.end(why);
    const ofSession = this.#bySession.get(session);
    if (ofSession?.get(channel) !== subscription) return;
    ofSession.delete(channel);
    if (ofSession.size === 0) this.#bySession.delete(session);
    const ofChannel = this.#byChannel.get(channel);
    ofChannel?.delete(subscription);
    if (ofChannel?.size === 0) this.#byChannel.delete(channel);
    this.#bySubject.add(session.payer, -1);
    this.#resized(-1);
  }

  /** They stay subscriptions, which their clients wish to have; each comes back at its own time. */
  lagging(channel: ChannelName): void {
    for (const subscription of this.#byChannel.get(channel) ?? []) {
      this.askAgain(subscription, this.bounds.lagSpreadMs);
    }
  }

  /** It leaves its room, and its client subscribes again from where it stands, within `spreadMs`. */
  askAgain(subscription: Subscription, spreadMs: number): void {
    const isWaiting = !subscription.isInRoom && this.#told.has(subscription);
    subscription.interrupt();
    if (isWaiting) return;
    this.#told.add(subscription);
    const { session } = subscription;
    const asked = this.#toTell.get(session) ?? { subscriptions: [], spreadMs: 0 };
    asked.subscriptions.push(subscription);
    asked.spreadMs = Math.max(asked.spreadMs, spreadMs);
    if (this.#toTell.size === 0) this.tick(() => this.#tellAll());
    this.#toTell.set(session, asked);
  }

  #tellAll(): void {
    const all = [...this.#toTell];
    this.#toTell.clear();
    const tell = safely('A session that has to subscribe again', (session: Session, asked: AskAgain) => {
      // Those that have ended meanwhile were told why, and those that are back need not be told.
      const channels = asked.subscriptions
        .filter((one) => this.find(session, one.channel) === one && !one.isInRoom)
        .map(({ channel }) => channel);
      if (channels.length === 0) return;
      const retryAfterMs = Math.floor(this.random() * Math.min(asked.spreadMs, this.bounds.lagSpreadMs));
      session.tell({ kind: 'lagging', channels, retryAfterMs });
    });
    for (const [session, asked] of all) tell(session, asked);
  }

  /** A session that reads too slowly leaves all rooms; returns the channels, for it to be told. */
  interrupt(session: Session): readonly ChannelName[] {
    const all = this.of(session);
    for (const subscription of all) subscription.interrupt();
    return all.map(({ channel }) => channel);
  }

  #tooMany(): CodedError {
    this.recorder.count(limitsRefused, { limit: 'subscriptions' });
    return limitReached('subscriptions', SUBJECT_RETRY_AFTER_MS);
  }

  #resized(by: 1 | -1): void {
    this.#size += by;
    this.recorder.set(subscriptionsOpen, {}, this.#size);
  }
}
