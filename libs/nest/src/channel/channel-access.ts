import { Injectable } from '@nestjs/common';
import type { ChannelPublisher, StatementRunner } from '../stream/channel-publisher.js';
import { accessChannel, type Revocation } from './access-channel.js';

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
   * Withdraws access on every node: matching subscriptions end, those that are still pending too, and their sessions
   * are told `FORBIDDEN`. It is an event like those of `ChannelPublisher`: in a handler it joins the transaction that
   * takes the right away, with `tx` one of your own, and the nodes hear of it when that is committed. The policy is asked
   * again when they subscribe again, so it has to know by then.
   *
   * @throws TypeError when neither `subject` nor `channel` is given
   * @throws CodedError as `ChannelPublisher.publish` does
   */
  async revoke({ subject, channel }: Revocation, options: { readonly tx?: StatementRunner } = {}): Promise<void> {
    if (subject === undefined && channel === undefined) {
      throw new TypeError('revoke() takes a subject, a channel or both: nothing would end every subscription there is');
    }
    const revocation = { ...(subject !== undefined && { subject }), ...(channel !== undefined && { channel }) };
    await this.publisher.publish(accessChannel, {}, 'access.revoked', revocation, options);
  }
}
