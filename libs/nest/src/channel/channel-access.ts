import { Injectable } from '@nestjs/common';
import { isChannelName } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { isDenialKey } from '../core/denial.js';
import { isSubject } from '../session/subject.js';
import type { ChannelPublisher, Published, StatementRunner } from '../stream/channel-publisher.js';
import { accessChannel, readRevocation, type Revocation } from './access-channel.js';
import type { DenialWriter } from './denial-writer.js';

/**
 * Where a change of access belongs.
 *
 * @publicApi
 */
export interface AccessOptions {
  /** A transaction of your own: the change is made if and only if that commits. */
  readonly tx?: StatementRunner;
}

/**
 * A principal that is kept out.
 *
 * @publicApi
 */
export interface Block {
  /** The principal's `subject`. */
  readonly subject: string;
  /** For how long, in ms. @defaultValue until `unblock()` */
  readonly forMs?: number;
}

/**
 * Tokens that are no longer accepted: one, or those of a subject that are too old.
 *
 * @publicApi
 */
export type TokenRevocation =
  | {
      /** The token's id: its `jti`. */
      readonly tokenId: string;
      /** When the token expires by itself, in ms since 1970; the revocation is forgotten then. */
      readonly expiresAt: number;
    }
  | {
      /** The principal's `subject`. */
      readonly subject: string;
      /**
       * Those issued before, in ms since 1970. A token says it in whole seconds, so one of the same second counts as
       * older. @defaultValue now
       */
      readonly issuedBefore?: number;
      /** For how long to remember it, in ms: longer than your longest token holds. @defaultValue a year */
      readonly forMs?: number;
    };

const YEAR_MS = 31_622_400_000;
/** For who misses the news: sessions of a node that heard nothing for so long have ended. */
const REMEMBERED_MS = 3_600_000;
const MAX_MOMENT = 8.64e15;

/**
 * Takes access back from those who are connected.
 *
 * @publicApi
 */
@Injectable()
export class ChannelAccess {
  /** @internal */
  constructor(
    private readonly publisher: Pick<ChannelPublisher, 'publish'>,
    private readonly denials: Pick<DenialWriter, 'deny' | 'allow' | 'now'>,
  ) {}

  /**
   * Withdraws access on every node: no event that is numbered after it reaches a matching subscription, and the policy is
   * asked about each. Only a no ends it, with `FORBIDDEN`: a right that was given back meanwhile is kept. So the policy
   * has to know of the loss by the commit, on the connection that it asks. It is an event like those of
   * `ChannelPublisher`: in a handler it joins the transaction that takes the right away, with `tx` one of your own, and
   * the nodes are told when that is committed. Events that the same transaction stages after it come after it.
   *
   * The answer says whether it counts already: with an `offset` it has its place in the log, and no event numbered
   * later reaches whom it concerns. Without one it is staged: it waits for the commit, and then for the next pass.
   *
   * @throws TypeError when it names neither the subject of a principal nor a channel
   * @throws CodedError `CHANNEL_INVALID` for the name of no channel, `EVENT_INVALID` for a text that cannot be a subject;
   * otherwise as `ChannelPublisher.publish` does
   */
  async revoke(from: Revocation, options: AccessOptions = {}): Promise<Published> {
    const revocation = readRevocation(from);
    if (!revocation) throw refusalOf(from);
    return this.publisher.publish(accessChannel, {}, 'access.revoked', revocation, options);
  }

  /**
   * Ends all sessions of a principal on every node, with `SESSION_REVOKED`, whatever its policies say. Its clients fetch a
   * new token and come back, if they get one: to keep them out, {@link block}. Part of a transaction as {@link revoke} is.
   *
   * @throws CodedError `EVENT_INVALID` for a text that cannot be a subject; otherwise as `ChannelPublisher.publish` does
   */
  async disconnect({ subject }: { readonly subject: string }, { tx }: AccessOptions = {}): Promise<void> {
    const moment = this.denials.now();
    const key = keyIn('subject', subject);
    await this.denials.deny({ kind: 'sessions', key, moment, until: moment + REMEMBERED_MS }, tx);
  }

  /**
   * Keeps a principal out: its sessions end on every node, and new handshakes are refused, with `SUBJECT_BLOCKED`. Kept
   * in the database, so a node that starts later knows it. Part of a transaction as {@link revoke} is. Again: the newest
   * `forMs` counts.
   *
   * @throws CodedError `EVENT_INVALID` for a text that cannot be a subject; otherwise as `ChannelPublisher.publish` does
   * @throws RangeError when `forMs` is no number of ms above 0
   */
  async block({ subject, forMs }: Block, { tx }: AccessOptions = {}): Promise<void> {
    const moment = this.denials.now();
    const until = forMs === undefined ? {} : { until: momentIn('forMs', moment + durationIn(forMs)) };
    await this.denials.deny({ kind: 'subject', key: keyIn('subject', subject), moment, ...until }, tx);
  }

  /**
   * Takes a block back; nothing where there is none.
   *
   * @throws CodedError as {@link block}
   */
  async unblock({ subject }: { readonly subject: string }, { tx }: AccessOptions = {}): Promise<void> {
    await this.denials.allow({ kind: 'subject', key: keyIn('subject', subject), moment: this.denials.now() }, tx);
  }

  /**
   * Tokens are refused from now on, at handshakes and on sessions, with `UNAUTHENTICATED` and reason `revoked`; sessions
   * that were opened or renewed with them end. The authenticator has to say `tokenId` and `issuedAt`, as `jwt()` does.
   * Part of a transaction as {@link revoke} is.
   *
   * @throws CodedError `EVENT_INVALID` for a text that cannot be a subject or the id of a token; otherwise as
   * `ChannelPublisher.publish` does
   * @throws RangeError when a time is no number of ms
   */
  async revokeTokens(tokens: TokenRevocation, { tx }: AccessOptions = {}): Promise<void> {
    const now = this.denials.now();
    if ('tokenId' in tokens) {
      const key = keyIn('tokenId', tokens.tokenId);
      const until = momentIn('expiresAt', tokens.expiresAt);
      await this.denials.deny({ kind: 'token', key, moment: now, until }, tx);
      return;
    }
    const { subject, issuedBefore = now, forMs = YEAR_MS } = tokens;
    const moment = momentIn('issuedBefore', issuedBefore);
    const until = momentIn('forMs', now + durationIn(forMs));
    await this.denials.deny({ kind: 'issued', key: keyIn('subject', subject), moment, until }, tx);
  }
}

/** It may be a text of a client. */
function keyIn(field: 'subject' | 'tokenId', key: unknown): string {
  if (isDenialKey(key)) return key;
  if (typeof key !== 'string') throw new TypeError(`${field} must be a text`);
  const rules = { text: 'It has 1 to 255 characters, without control characters' };
  throw new CodedError('EVENT_INVALID', { details: [{ field, rules }] });
}

function durationIn(forMs: number): number {
  if (Number.isFinite(forMs) && forMs > 0) return Math.ceil(forMs);
  throw new RangeError('forMs must be a number of ms above 0');
}

function momentIn(name: string, moment: number): number {
  if (Number.isFinite(moment) && Math.abs(moment) <= MAX_MOMENT) return Math.round(moment);
  throw new RangeError(`${name} must be a time in ms since 1970`);
}

/** Both may be texts of a client. */
function refusalOf({ subject, channel }: Revocation): Error {
  if (typeof channel === 'string' && !isChannelName(channel)) return new CodedError('CHANNEL_INVALID');
  if (typeof subject === 'string' && !isSubject(subject)) {
    const rules = { text: 'A subject has 1 to 255 characters, without control characters' };
    return new CodedError('EVENT_INVALID', { details: [{ field: 'subject', rules }] });
  }
  return new TypeError('revoke() takes the subject of a principal, the name of one channel, or both');
}
