import { Injectable } from '@nestjs/common';
import type { ChannelPublisher, StatementRunner } from '../stream/channel-publisher.js';
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
   * Withdraws access on every node: matching subscriptions end, those that are still pending too, and their sessions
   * are told `FORBIDDEN`. It is an event like those of `ChannelPublisher`: in a handler it joins the transaction that
   * takes the right away, with `tx` one of your own, and the nodes hear of it when that is committed. The policy is asked
   * again when they subscribe again, so it has to know by then.
   *
   * @throws TypeError when it names neither the subject of a principal nor one channel, or something that is none
   * @throws CodedError as `ChannelPublisher.publish` does
   */
  async revoke(from: Revocation, options: { readonly tx?: StatementRunner } = {}): Promise<void> {
    const revocation = readRevocation(from);
    if (!revocation) throw new TypeError('revoke() takes the subject of a principal, the name of one channel, or both');
    await this.publisher.publish(accessChannel, {}, 'access.revoked', revocation, options);
  }
}
