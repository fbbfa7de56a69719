import { ForbiddenException } from '@nestjs/common';
import type { ChannelContract, ChannelName } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import { Gate } from '../core/gate.js';
import { inTime, LATE } from '../core/in-time.js';
import type { Session } from '../session/session.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { Purpose } from './bound-policy.js';
import { policyCalls, subscriptionsRevoked } from './channel.metrics.js';
import type { ChannelOptions } from './channel.options.js';
import type { ChannelRegistry, FoundChannel } from './channel-registry.js';
import type { SubscriptionRegistry } from './subscription-registry.js';

export interface ChannelAccessParts {
  readonly channels: ChannelRegistry;
  readonly subscriptions: SubscriptionRegistry;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly options: ChannelOptions;
}

/**
 * Whose access is withdrawn; what is left out matches all.
 *
 * @publicApi
 */
export interface Revocation {
  /** The principal's `subject`. */
  readonly subject?: string;
  /** One channel, by its name. */
  readonly channel?: ChannelName;
  /** Principals for which it is true. */
  readonly matches?: (principal: unknown) => boolean;
}

/**
 * Asks the policies who may do what, and takes access back: {@link ChannelAccess.revoke}.
 *
 * @publicApi
 */
export class ChannelAccess {
  readonly #gate: Gate;
  #generation = 0;

  /** @internal */
  constructor(private readonly parts: ChannelAccessParts) {
    const { policyConcurrency: concurrency, maxWaitingPolicyCalls: maxWaiting, busyRetryAfterMs } = parts.options;
    this.#gate = new Gate({ concurrency, maxWaiting, retryAfterMs: busyRetryAfterMs });
  }

  /**
   * Grows with every revocation: a permission from before may no longer stand.
   *
   * @internal
   */
  get generation(): number {
    return this.#generation;
  }

  /**
   * The channel's contract, if the session may.
   *
   * @throws CodedError `FORBIDDEN`, also for a channel that does not exist, or `BUSY`; and whatever the policy throws
   * @internal
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
   * Withdraws access on this node: subscriptions end, those that are still pending too, and their sessions are told.
   * A policy is asked again when they subscribe again. Returns how many subscriptions ended.
   */
  revoke({ subject, channel, matches }: Revocation): number {
    this.#generation++;
    const error = new CodedError('FORBIDDEN');
    const withdrawn = this.parts.subscriptions.where(
      (one) =>
        (subject === undefined || one.session.subject === subject) &&
        (channel === undefined || one.channel === channel) &&
        (matches === undefined || matches(one.session.principal)),
    );
    for (const subscription of withdrawn) {
      this.parts.subscriptions.end(subscription, error);
      subscription.session.tell({ kind: 'revoked', channel: subscription.channel, error: error.toWire() });
    }
    this.parts.recorder.count(subscriptionsRevoked, {}, withdrawn.length);
    return withdrawn.length;
  }

  async #asked(
    purpose: Purpose,
    session: Session,
    channel: ChannelName,
    { policy, params }: FoundChannel,
  ): Promise<'allowed' | 'denied' | 'timeout'> {
    if (this.#gate.isFull) this.parts.recorder.count(policyCalls, { result: 'busy' });
    return this.#gate.run(async () => {
      // Whoever left while waiting is not asked about.
      if (session.ended.aborted) throw new CodedError('SESSION_ENDED');
      try {
        return await this.#inTime(policy.allows(purpose, session, channel, params));
      } catch (error) {
        this.parts.recorder.count(policyCalls, { result: error instanceof ForbiddenException ? 'denied' : 'failed' });
        throw error;
      }
    });
  }

  /** A policy that hangs gives its place back. */
  async #inTime(answer: Promise<boolean>): Promise<'allowed' | 'denied' | 'timeout'> {
    const yes = await inTime(this.parts.clock, this.parts.options.policyTimeoutMs, answer);
    if (yes === LATE) return 'timeout';
    return yes ? 'allowed' : 'denied';
  }
}
