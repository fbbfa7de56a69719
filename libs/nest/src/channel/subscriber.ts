import {
  encodePosition,
  type ChannelName,
  type Position,
  type SubscribeAnswer,
  type SubscribeItem,
} from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { samePlace } from '../core/order-check.js';
import type { PageLimits } from '../core/page.js';
import { onWire } from '../core/wire-event.js';
import type { Hub, Standing } from '../hub/hub.js';
import type { CodedAnswer } from '../session/coded-answer.js';
import type { SubjectRates } from '../limits/subject-rates.js';
import type { Session } from '../session/session.js';
import type { HistoryPage } from '../stream/stream-store.port.js';
import type { Authorizer } from './authorizer.js';
import { readChannel, readSince } from './channel-frames.js';
import type { Resume, Resumes } from './resume/resumes.js';
import { withdrawn, type Permission, type Subscription } from './subscription.js';
import type { SubscriptionRegistry } from './subscription-registry.js';

export interface SubscriberParts {
  readonly hub: Hub;
  readonly authorizer: Authorizer;
  readonly subscriptions: SubscriptionRegistry;
  readonly resumes: Pick<Resumes, 'of' | 'grant' | 'isDoubtful'>;
  readonly answers: Pick<CodedAnswer, 'ofRepeatable'>;
  readonly busyRetryAfterMs: number;
  /** What each subject makes the node follow. */
  readonly rates: Pick<SubjectRates, 'take'>;
}

/** How often a subscribe starts over because the room was put off its place, or access was withdrawn, meanwhile. */
const MAX_TRIES = 3;

type Withheld = Extract<Resume, { kind: 'withheld' }>;

type Page =
  HistoryPage | { readonly outcome: 'unrecoverable'; readonly reason: Withheld['reason']; readonly head: Position };

/** One look at what a subscriber misses. */
interface Question {
  readonly subscription: Subscription;
  readonly permission: Permission;
  readonly sid: number;
  readonly since: Position | undefined;
  /** Absent without `since`. */
  readonly resume?: Resume;
  readonly limits: PageLimits;
}

/**
 * Subscribes one session to one channel. The session joins the room BEFORE the missing events are read:
 *
 *     hub:      … emits 5 ────────────── takes 6, emits 6 ─────── takes 7, emits 7 ──▶
 *     session:         joins the room ─┐         │                      │
 *                                      └▶ reads behind `since` ─▶ answer with …5, perhaps 6
 *
 * An event that the hub had taken before the join is committed, so every read that begins after the join has it. One
 * that the hub takes later is emitted to the room, and the session is in it. What is in both carries the same offset
 * and is dropped by the client. Reading first and joining then would lose what is emitted between the two.
 */
export class Subscriber {
  constructor(private readonly parts: SubscriberParts) {}

  /** Never rejects: each item of a frame has its own answer. */
  async subscribe(session: Session, item: SubscribeItem, limits: PageLimits): Promise<SubscribeAnswer> {
    try {
      return await this.#attempt(session, item, limits);
    } catch (error) {
      const refusal = this.parts.answers.ofRepeatable(error, `subscribe ${item.channel}`);
      return { sid: item.sid, outcome: 'refused', error: refusal };
    }
  }

  /** Only an answer that leaves the session in the room leaves it a subscription. */
  async #attempt(session: Session, item: SubscribeItem, limits: PageLimits): Promise<SubscribeAnswer> {
    const { subscriptions, authorizer } = this.parts;
    const since = readSince(item);
    const subscription = subscriptions.open(session, readChannel(item.channel));
    const attempt = subscription.attempt();
    const { renewals } = authorizer;
    try {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const permission = subscription.permission();
        const answer = await this.#answer({ subscription, permission, sid: item.sid, since, limits });
        if (!permission.stands()) continue;
        if (!answer || authorizer.renewals !== renewals) break;
        if (answer.outcome === 'behind' && attempt.isLatest()) subscriptions.end(subscription, withdrawn());
        return answer;
      }
      throw this.#busy();
    } catch (error) {
      if (attempt.isLatest()) subscriptions.end(subscription, withdrawn());
      throw error;
    } finally {
      attempt.end();
    }
  }

  /** `undefined`: the answer is void. Where the permission no longer stands, the session is not in the room. */
  async #answer(question: Question): Promise<SubscribeAnswer | undefined> {
    const { subscription, permission, sid, since } = question;
    const { authorizer, hub, resumes } = this.parts;
    const { session, channel } = subscription;
    const contract = await authorizer.authorize('subscribe', session, channel);
    subscription.assertOpen();
    if (contract.delivery === 'live') {
      if (since) throw new CodedError('NOT_DURABLE');
      if (!permission.stands()) return undefined;
      subscription.hold(() => {});
      subscription.join();
      return { sid, outcome: 'live' };
    }
    const resume = since && (await resumes.of(subscription, since));
    subscription.assertOpen();
    if (!hub.isFollowing(channel)) this.parts.rates.take('channels', session);
    await hub.attach(channel, session.payer);
    subscription.hold(() => hub.detach(channel));
    for (let tries = 0; tries < MAX_TRIES && permission.stands(); tries++) {
      const answer = await this.#joinAndRead({ ...question, ...(resume && { resume }) });
      if (answer) return answer;
    }
    return undefined;
  }

  /** `undefined`: the session was put out of the room, or the room onto another place, so the answer is void. */
  async #joinAndRead(question: Question): Promise<SubscribeAnswer | undefined> {
    const { subscription, permission, sid, since, resume, limits } = question;
    const { channel } = subscription;
    const page = since && resume?.kind === 'given' && (await this.#pageForFar(subscription, since, limits));
    if (page) {
      subscription.assertOpen();
      return this.#answerWith(question, page);
    }
    // From the head on: not what was published without the right, and is still on its way to this node.
    const isAtHead = !since || resume?.kind === 'withheld';
    if (isAtHead && this.parts.resumes.isDoubtful(subscription))
      await this.parts.hub.caughtUp(channel, subscription.session.payer);
    if (!permission.stands()) return undefined;
    subscription.join();
    const standing = this.#standing(channel);
    if (!since || !resume) {
      const grant = this.parts.resumes.grant(subscription.session, channel, standing.last);
      return { sid, outcome: 'fresh', position: encodePosition(standing.last), ...grant, events: [] };
    }
    if (resume.kind === 'withheld') return this.#answerWith(question, withheld(since, standing.last, resume.reason));
    const { interruptions } = subscription;
    const joined = await this.parts.hub.resume(channel, { after: since, limits, asker: subscription.session.payer });
    subscription.assertOpen();
    const undisturbed =
      subscription.interruptions === interruptions && this.#standing(channel).interruptions === standing.interruptions;
    return undisturbed ? this.#answerWith(question, joined) : undefined;
  }

  /** One who is pages behind does not join for each of them: live frames would only add to what he has to take. */
  async #pageForFar(
    { session, channel }: Subscription,
    since: Position,
    limits: PageLimits,
  ): Promise<HistoryPage | undefined> {
    const { last } = this.#standing(channel);
    if (last.epoch !== since.epoch || last.offset - since.offset <= limits.maxEvents) return undefined;
    const page = await this.parts.hub.history(channel, { after: since, limits, asker: session.payer });
    return page.outcome === 'more' ? page : undefined;
  }

  #answerWith({ subscription, sid, resume }: Question, page: Page): SubscribeAnswer {
    const { session, channel } = subscription;
    const start = page.outcome === 'unrecoverable' ? page.head : page.position;
    // A position that was given stays good with its events: another life of the log, or a hole, begins anew.
    const from = page.outcome !== 'unrecoverable' && resume?.kind === 'given' ? resume.from : start;
    const answer = { sid, position: encodePosition(start), ...this.parts.resumes.grant(session, channel, from) };
    switch (page.outcome) {
      case 'unrecoverable':
        return { ...answer, outcome: 'unrecoverable', reason: page.reason, events: [] };
      case 'complete':
      case 'more': {
        const outcome = page.outcome === 'more' ? 'behind' : 'recovered';
        return { ...answer, outcome, events: page.events.map(onWire) };
      }
    }
  }

  #busy(): CodedError {
    return new CodedError('BUSY', { retryAfterMs: this.parts.busyRetryAfterMs });
  }

  #standing(channel: ChannelName): Standing {
    const standing = this.parts.hub.standing(channel);
    if (!standing) throw new CodedError('DRAINING');
    return standing;
  }
}

/** Where nothing has followed on a position, nothing is kept from its owner. */
function withheld(since: Position, head: Position, reason: Withheld['reason']): Page {
  if (samePlace(since, head)) return { outcome: 'complete', events: [], position: head, head };
  return { outcome: 'unrecoverable', reason: since.epoch === head.epoch ? reason : 'epoch', head };
}
