import { ForbiddenException } from '@nestjs/common';
import type { ChannelContract, ChannelName, Position } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import { FairGate } from '../core/fair-gate.js';
import { dataException } from '../core/database-error.js';
import { inTime, LATE } from '../core/in-time.js';
import { samePlace } from '../core/order-check.js';
import { inBackground } from '../core/safely.js';
import type { Placed } from '../core/stream-event.js';
import type { Standing } from '../hub/hub.js';
import type { Session } from '../session/session.js';
import type { AmbientScope } from '../stream/transaction/ambient.js';
import { gateWatch } from '../telemetry/gate.metrics.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { Revocation } from './access-channel.js';
import type { Purpose } from './bound-policy.js';
import { policyCalls, subscriptionsRevoked } from './channel.metrics.js';
import type { ChannelOptions } from './channel.options.js';
import type { ChannelRegistry, FoundChannel } from './channel-registry.js';
import type { Attempt, Subscription } from './subscription.js';
import type { SubscriptionRegistry } from './subscription-registry.js';

export interface AuthorizerParts {
  readonly channels: ChannelRegistry;
  readonly subscriptions: SubscriptionRegistry;
  /** By which the database knows whose queries those of a policy are. */
  readonly ambient: AmbientScope;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly options: ChannelOptions;
  readonly places: Places;
}

/** How a subscription stood when it left its room. */
interface LeftRoom {
  readonly isInRoom: boolean;
  readonly standing: Standing | undefined;
  readonly interruptions: number;
}

export interface Places {
  /** Where a followed channel stands, with nothing of it left to emit. */
  settled(channel: ChannelName): Standing | undefined;
  /** Where the log of a followed channel ends now. */
  logEnd(channel: ChannelName): Promise<Position | undefined>;
  /** The newest withdrawal that this node has carried out. */
  access(): Pick<Placed, 'epoch' | 'offset'> | undefined;
}

/** Asks the policies who may do what on this node, and carries out withdrawals there. */
export class Authorizer {
  readonly #gate: FairGate;
  #generation = 0;
  #renewals = 0;

  constructor(private readonly parts: AuthorizerParts) {
    const { policyConcurrency: concurrency, maxWaitingPolicyCalls: maxWaiting, busyRetryAfterMs } = parts.options;
    const bounds = { concurrency, maxWaiting, retryAfterMs: busyRetryAfterMs };
    this.#gate = new FairGate(bounds, gateWatch(parts.recorder, 'policy'));
  }

  /** Grows with every withdrawal: a permission from before may no longer stand. */
  get generation(): number {
    return this.#generation;
  }

  /** Grows when everybody has to ask anew: a permission from before does not stand. */
  get renewals(): number {
    return this.#renewals;
  }

  /**
   * The channel's contract, if the session may.
   *
   * @throws CodedError `FORBIDDEN`, also for a channel that does not exist, or `BUSY`; and whatever the policy throws
   */
  async authorize(purpose: Purpose, session: Session, channel: ChannelName): Promise<ChannelContract> {
    const found = this.parts.channels.find(channel);
    const result = found ? await this.#asked(purpose, session, channel, found) : 'denied';
    this.parts.recorder.count(policyCalls, { result });
    if (result === 'timeout') throw new CodedError('BUSY', { retryAfterMs: this.parts.options.busyRetryAfterMs });
    if (!found || result === 'denied') throw new CodedError('FORBIDDEN');
    return found.policy.contract;
  }

  /**
   * Whether a session that may subscribe to the channel may read its history too.
   *
   * @throws CodedError `BUSY`; and what the policy throws, but for a refusal
   */
  async mayRead(session: Session, channel: ChannelName): Promise<boolean> {
    if (this.parts.channels.find(channel)?.policy.tellsHistoryApart !== true) return true;
    try {
      await this.authorize('history', session, channel);
      return true;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  }

  /**
   * Matching subscriptions leave their rooms at once, and the policies have the last word about each: by the time a
   * withdrawal is carried out, the right may have been given back. A subscribe under way asks again by itself.
   */
  withdraw(revocation: Revocation): void {
    this.#generation++;
    const doubted = this.parts.subscriptions.matching(revocation);
    for (const subscription of doubted) {
      subscription.doubt();
      if (!subscription.isAttempted) {
        inBackground('The check of a subscription', this.#recheck(subscription, doubted.length));
      }
    }
  }

  /**
   * The session goes on with a fresh token, which may say less: its subscriptions leave their rooms at once, and the answer
   * asks the policies about each, once the session speaks for the new principal. Who may stay notices nothing where
   * nothing came meanwhile, and fetches it otherwise.
   */
  renewing(session: Session): () => void {
    const left = this.parts.subscriptions.of(session).map((subscription) => {
      const { channel, isInRoom } = subscription;
      const standing = isInRoom ? this.parts.places.settled(channel) : undefined;
      subscription.doubt();
      return { subscription, was: { isInRoom, standing, interruptions: subscription.interruptions } };
    });
    return () => {
      for (const { subscription, was } of left) {
        if (subscription.isAttempted) continue;
        inBackground('The check of a subscription', this.#recheck(subscription, left.length, was));
      }
    };
  }

  /** Nobody knows whose access was withdrawn: all leave their rooms, and the policies decide about each anew. */
  askAnew(): void {
    this.#generation++;
    this.#renewals++;
    for (const channel of this.parts.subscriptions.channels) this.parts.subscriptions.lagging(channel);
  }

  async #recheck(subscription: Subscription, spreadMs: number, was?: LeftRoom): Promise<void> {
    const attempt = subscription.attempt();
    try {
      await this.#decide(subscription, attempt, { spreadMs, was });
    } catch (error) {
      // It has left its room, and only its client can bring it back.
      this.parts.subscriptions.askAgain(subscription, spreadMs);
      throw error;
    } finally {
      attempt.end();
    }
  }

  /** From the last look at the permission to the end of the attempt nothing is waited for. */
  async #decide(
    subscription: Subscription,
    attempt: Attempt,
    { spreadMs, was }: { readonly spreadMs: number; readonly was: LeftRoom | undefined },
  ): Promise<void> {
    const { subscriptions, recorder } = this.parts;
    const { session, channel } = subscription;
    for (;;) {
      const permission = subscription.permission();
      const verdict = await this.#verdict(session, channel);
      // What the log had before the yes may have been published without the right.
      const from = verdict === 'yes' ? await this.#logEnd(channel) : undefined;
      // Ended meanwhile, or its client subscribes again, which asks for itself.
      if (!attempt.isLatest() || subscriptions.find(session, channel) !== subscription) break;
      if (!permission.stands()) continue;
      if (verdict === 'no') {
        const error = new CodedError('FORBIDDEN');
        subscriptions.end(subscription, error);
        session.tell({ kind: 'revoked', channel, error: error.toWire() });
        recorder.count(subscriptionsRevoked, {});
      } else if (verdict === 'yes' && was && this.#hasMissedNothing(subscription, was)) {
        subscription.join();
      } else {
        const access = this.parts.places.access();
        subscription.renew(from && access && { subject: session.subject, channel, from, access });
        subscriptions.askAgain(subscription, spreadMs);
      }
      break;
    }
  }

  #hasMissedNothing({ channel, interruptions }: Subscription, was: LeftRoom): boolean {
    if (!was.isInRoom || interruptions !== was.interruptions) return false;
    const { standing: before } = was;
    const now = this.parts.places.settled(channel);
    // A live channel has no place, and no promise about what is emitted meanwhile.
    if (!before || !now) return before === now;
    return before.interruptions === now.interruptions && samePlace(before.last, now.last);
  }

  /** Where it cannot be read, nothing is shown. */
  async #logEnd(channel: ChannelName): Promise<Position | undefined> {
    try {
      return await this.parts.places.logEnd(channel);
    } catch {
      return undefined;
    }
  }

  /** A policy that fails or cannot be asked decides when the client asks again. */
  async #verdict(session: Session, channel: ChannelName): Promise<'yes' | 'no' | 'unknown'> {
    try {
      await this.authorize('subscribe', session, channel);
      return 'yes';
    } catch (error) {
      return isRefusal(error) ? 'no' : 'unknown';
    }
  }

  async #asked(
    purpose: Purpose,
    session: Session,
    channel: ChannelName,
    { policy, params }: FoundChannel,
  ): Promise<'allowed' | 'denied' | 'timeout'> {
    const { payer, ended } = session;
    if (this.#gate.isFull(payer)) this.parts.recorder.count(policyCalls, { result: 'busy' });
    const ask = () => policy.allows(purpose, session, channel, params);
    const call = async () => {
      try {
        return await this.#inTime(this.parts.ambient.run({ cause: {}, payer }, ask));
      } catch (error) {
        this.parts.recorder.count(policyCalls, { result: failureKind(error) });
        throw error;
      }
    };
    // Whoever leaves while waiting is not asked about.
    return this.#gate.run(payer, call, ended);
  }

  /** A policy that hangs gives its place back. */
  async #inTime(answer: Promise<boolean>): Promise<'allowed' | 'denied' | 'timeout'> {
    const yes = await inTime(this.parts.clock, this.parts.options.policyTimeoutMs, answer);
    if (yes === LATE) return 'timeout';
    return yes ? 'allowed' : 'denied';
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof ForbiddenException || (error instanceof CodedError && error.code === 'FORBIDDEN');
function failureKind(error: unknown): (typeof policyCalls.labels.result)[number] {
  if (error instanceof ForbiddenException) return 'denied';
  return dataException(error) === undefined ? 'failed' : 'invalid';
}
