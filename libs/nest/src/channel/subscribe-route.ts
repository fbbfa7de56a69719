import { isChannelName, type SubscribeAnswer, type SubscribeAnswers, type SubscribeItem } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { bytesOf } from '../core/event-bytes.js';
import type { FrameRoute } from '../session/frame-route.js';
import type { Session } from '../session/session.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { Authorizer } from './authorizer.js';
import { readSubscribeFrame } from './channel-frames.js';
import { resumesUnrecoverable, subscribesAnswered } from './channel.metrics.js';
import type { ChannelOptions } from './channel.options.js';
import type { Subscriber } from './subscriber.js';
import type { SubscriptionRegistry } from './subscription-registry.js';

type Withdrawals = Pick<Authorizer, 'generation' | 'renewals'>;

export interface SubscribeRouteParts {
  readonly subscriber: Subscriber;
  readonly authorizer: Withdrawals;
  readonly subscriptions: SubscriptionRegistry;
  readonly recorder: Recorder;
  readonly options: ChannelOptions;
  /** Subscribes of one session that may wait for their answer. */
  readonly maxPending: number;
}

/** What permissions count on. */
type Known = Withdrawals & Pick<Session, 'principal'>;

interface ReadAnswers {
  readonly read: readonly SubscribeAnswer[];
  /** What was known of withdrawals when the reads began. */
  readonly before: Known;
  readonly pageBytes: number;
}

/** `subscribe`: many channels in one frame, each with an answer of its own. */
export class SubscribeRoute implements FrameRoute {
  readonly name = 'subscribe';
  readonly limit = 'subscribes';
  readonly #pending = new WeakMap<Session, number>();

  constructor(private readonly parts: SubscribeRouteParts) {}

  countOf(body: unknown): number {
    const { items } = (body ?? {}) as { items?: unknown };
    return Array.isArray(items) ? items.length : 1;
  }

  async handle(session: Session, body: unknown): Promise<SubscribeAnswers> {
    const { items, maxBytes: wanted = Infinity } = readSubscribeFrame(body);
    const { options, subscriber } = this.parts;
    // A slow link asks for less: a page that does not get across in time would be cut, and asked for again, for ever.
    const pageBytes = Math.min(options.pageMaxBytes, wanted);
    const maxBytes = Math.max(1, Math.floor(pageBytes / items.length));
    const pending = this.#pending.get(session) ?? 0;
    if (pending > 0 && pending + items.length > this.parts.maxPending) throw this.#busy(items.length);
    this.#pending.set(session, pending + items.length);
    const limits = { maxEvents: options.pageMaxEvents, maxBytes };
    const before = this.#withdrawals(session);
    const read = await Promise.all(items.map((item) => subscriber.subscribe(session, item, limits)));
    const answers = this.#given(session, items, { read, before, pageBytes });
    this.#pending.set(session, (this.#pending.get(session) ?? 0) - items.length);
    for (const answer of answers) this.#count(answer);
    return { items: answers };
  }

  /** As for a session that lags: out of the rooms until it asks again. */
  withhold(session: Session, body: unknown): void {
    for (const item of readSubscribeFrame(body).items) this.#interrupt(session, item);
  }

  release(session: Session): void {
    const ended = new CodedError('SESSION_ENDED');
    for (const subscription of this.parts.subscriptions.of(session)) this.parts.subscriptions.end(subscription, ended);
  }

  /**
   * What of `read` the session gets. Each item has one event at least, and a hundred large ones would be too much for a
   * slow line: those beyond a page are asked for again; the first gets through, so that in the end all do. And an item
   * waits for its neighbours: if its access was withdrawn meanwhile, the policy has the last word.
   */
  #given(session: Session, items: readonly SubscribeItem[], { read, before, pageBytes }: ReadAnswers) {
    const { subscriptions } = this.parts;
    const now = this.#withdrawals(session);
    let bytes = 0;
    return items.flatMap((item, index): SubscribeAnswer[] => {
      const answer = read[index];
      if (!answer) return [];
      const more = 'events' in answer ? bytesOf(answer.events) : 0;
      const isTooMuch = bytes > 0 && bytes + more > pageBytes;
      const isInRoom = isChannelName(item.channel) && subscriptions.find(session, item.channel)?.isInRoom === true;
      const hasToBe = answer.outcome !== 'refused' && answer.outcome !== 'behind';
      const isAsked = now.generation === before.generation && now.principal === before.principal;
      const isDoubted = !isAsked && answer.outcome === 'behind';
      const isInDoubt = now.renewals !== before.renewals || (hasToBe && !isInRoom) || isDoubted;
      if ((more > 0 && isTooMuch) || (answer.outcome !== 'refused' && isInDoubt)) {
        this.#interrupt(session, item);
        return [{ sid: item.sid, outcome: 'refused', error: this.#again().toWire() }];
      }
      bytes += more;
      return [answer];
    });
  }

  #withdrawals({ principal }: Session): Known {
    const { generation, renewals } = this.parts.authorizer;
    return { generation, renewals, principal };
  }

  #interrupt(session: Session, { channel }: SubscribeItem): void {
    if (isChannelName(channel)) this.parts.subscriptions.find(session, channel)?.interrupt();
  }

  #count(answer: SubscribeAnswer): void {
    const { recorder } = this.parts;
    recorder.count(subscribesAnswered, { outcome: answer.outcome });
    if (answer.outcome === 'unrecoverable') recorder.count(resumesUnrecoverable, { reason: answer.reason });
  }

  #busy(refused: number): CodedError {
    this.parts.recorder.count(subscribesAnswered, { outcome: 'refused' }, refused);
    return this.#again();
  }

  #again(): CodedError {
    return new CodedError('BUSY', { retryAfterMs: this.parts.options.busyRetryAfterMs });
  }
}
