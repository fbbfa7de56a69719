import { ChannelPolicy, type Policy } from '@millrace/nest';
import { board, ticker, typing } from './contracts.js';
import type { Member } from './member.js';
import { Withdrawals } from './withdrawals.js';

@ChannelPolicy(board)
export class BoardPolicy implements Policy<Member, { name: string }> {
  constructor(private readonly withdrawals: Withdrawals) {}

  async subscribe(member: Member, { name }: { name: string }): Promise<boolean> {
    if (await this.withdrawals.has(member.name, name)) return false;
    return !name.startsWith('private-') || member.boards.includes(name);
  }
}

@ChannelPolicy(ticker)
export class TickerPolicy implements Policy {
  subscribe(): boolean {
    return true;
  }
}

@ChannelPolicy(typing)
export class TypingPolicy implements Policy<Member, { name: string }> {
  constructor(private readonly withdrawals: Withdrawals) {}

  async subscribe(member: Member, { name }: { name: string }): Promise<boolean> {
    return !(await this.withdrawals.has(member.name, name));
  }
}
