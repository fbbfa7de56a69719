import { UseGuards } from '@nestjs/common';
import { ChannelAccess, Command, Gateway, Payload, Tx, type Transaction } from '@millrace/nest';
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

  /** In one transaction: by the time the nodes hear of it, the policy knows. */
  @Command(withdrawAccess)
  async withdraw(@Payload() { subject, board: name }: WithdrawAccessDto, @Tx() tx: Transaction): Promise<void> {
    await this.withdrawals.add(tx, subject, name);
    await this.access.revoke({ subject, channel: channelName(board, { name }) });
  }
}
