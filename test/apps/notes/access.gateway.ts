import { UseGuards } from '@nestjs/common';
import { ChannelAccess, Command, Gateway, Payload } from '@millrace/nest';
import { channelName } from '@millrace/protocol';
import { board, withdrawAccess } from './contracts.js';
import { ModeratorGuard } from './moderator.guard.js';
import { WithdrawAccessDto } from './note.dto.js';
import { Withdrawals } from './withdrawals.js';

@Gateway()
@UseGuards(ModeratorGuard)
export class AccessGateway {
  constructor(
    private readonly withdrawals: Withdrawals,
    private readonly access: ChannelAccess,
  ) {}

  /** The policy first: whoever asks again in between is refused. */
  @Command(withdrawAccess, { transaction: false })
  withdraw(@Payload() { subject, board: name }: WithdrawAccessDto) {
    this.withdrawals.add(subject, name);
    return { ended: this.access.revoke({ subject, channel: channelName(board, { name }) }) };
  }
}
