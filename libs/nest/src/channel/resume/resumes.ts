import type { ChannelName, Position, UnrecoverableReason } from '@millrace/protocol';
import { CodedError } from '../../core/coded-error.js';
import type { Session } from '../../session/session.js';
import type { Authorizer, Places } from '../authorizer.js';
import type { Subscription } from '../subscription.js';
import type { Granted, Grants } from './grants.js';
import { resumeRight, type ResumeRight } from './resume-right.js';
import type { Withdrawals } from './withdrawals.js';

export interface ResumesParts {
  readonly grants: Grants;
  readonly withdrawals: Pick<Withdrawals, 'of' | 'covers' | 'isWhole'>;
  readonly authorizer: Pick<Authorizer, 'mayRead'>;
  readonly places: Pick<Places, 'access'>;
  readonly busyRetryAfterMs: number;
}

/** From where a subscriber may be given events, or why from nowhere before the head. */
export type Resume =
  | { readonly kind: 'given'; readonly from: Pick<Position, 'epoch' | 'offset'> }
  | { readonly kind: 'withheld'; readonly reason: Extract<UnrecoverableReason, 'withdrawn' | 'unproven'> };

/** Decides what a position that a client brings back is worth, and signs what it is given. */
export class Resumes {
  constructor(private readonly parts: ResumesParts) {}

  /**
   * After the policy has said yes to the subscription. What it says holds as long as that does: a withdrawal that the
   * node carries out later voids both.
   *
   * @throws CodedError `BUSY` while the node does not know all withdrawals; and what the policy's `history` throws
   */
  async of(subscription: Subscription, since: Position): Promise<Resume> {
    const { withdrawals, authorizer } = this.parts;
    const { session, channel } = subscription;
    if (!withdrawals.isWhole) throw new CodedError('BUSY', { retryAfterMs: this.parts.busyRetryAfterMs });
    const shown = this.#shown(subscription, since);
    const right = this.#right(subscription, since, shown);
    if (right === 'given') return { kind: 'given', from: shown?.from ?? since };
    if (right === 'withdrawn') return { kind: 'withheld', reason: 'withdrawn' };
    if (await authorizer.mayRead(session, channel)) return { kind: 'given', from: since };
    return { kind: 'withheld', reason: 'unproven' };
  }

  /** Whether what the log had before now may have been published while the right was withdrawn. */
  isDoubtful({ session, channel }: Subscription): boolean {
    return this.parts.withdrawals.of(session.subject, channel) !== undefined;
  }

  /** For who is subscribed from `from` on: what shows it when he comes back. Absent where it could show nothing. */
  grant(session: Session, channel: ChannelName, from: Pick<Position, 'epoch' | 'offset'>): { readonly grant?: string } {
    const access = this.parts.places.access();
    if (!access) return {};
    const { epoch, offset } = from;
    const granted = { subject: session.subject, channel, from: { epoch, offset }, access };
    return { grant: this.parts.grants.write(granted) };
  }

  #right({ session, channel }: Subscription, since: Position, granted: Granted | undefined): ResumeRight {
    const { withdrawals } = this.parts;
    const isCovered = granted !== undefined && withdrawals.covers(granted.access.epoch, granted.access.offset);
    return resumeRight({ since, granted, withdrawn: withdrawals.of(session.subject, channel), isCovered });
  }

  /** What this node knows of the subscription is newer than what the client could have been sent. */
  #shown(subscription: Subscription, since: Position): Granted | undefined {
    const { session, channel, renewed } = subscription;
    if (renewed?.from.epoch === since.epoch && this.#right(subscription, since, renewed) === 'given') return renewed;
    const access = this.parts.places.access();
    if (since.grant === undefined || !access) return undefined;
    const asked = { subject: session.subject, channel, epoch: since.epoch, accessEpoch: access.epoch };
    return this.parts.grants.read(since.grant, asked);
  }
}
