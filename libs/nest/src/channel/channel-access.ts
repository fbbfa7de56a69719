import { Injectable } from '@nestjs/common';
import { isChannelName } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { isSubject } from '../session/subject.js';
import type { ChannelPublisher, Published, StatementRunner } from '../stream/channel-publisher.js';
import { accessChannel, readRevocation, type Revocation } from './access-channel.js';

/**
 * Takes access back from those who are connected.
 *
 * @publicApi
 */
@Injectable()
export class ChannelAccess {
  /** @internal */
  constructor(private readonly publisher: Pick<ChannelPublisher, 'publish'>) {}

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
  async revoke(from: Revocation, options: { readonly tx?: StatementRunner } = {}): Promise<Published> {
    const revocation = readRevocation(from);
    if (!revocation) throw refusalOf(from);
    return this.publisher.publish(accessChannel, {}, 'access.revoked', revocation, options);
  }
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
