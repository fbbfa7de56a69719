import { UseGuards } from '@nestjs/common';
import { ChannelPublisher, Command, Gateway, Payload, Tx, type Transaction } from '@millrace/nest';
import type { CommandResult } from '@millrace/protocol';
import { desk, recordDeparture } from '../contracts/desk.contract.js';
import { resumeFeed } from '../contracts/feed.contract.js';
import { DepartureTable } from './departure-table.js';
import { OwnAirportGuard } from './own-airport.guard.js';
import { RecordDepartureDto } from './record-departure.dto.js';
import { ResumeFeedDto } from './resume-feed.dto.js';
import { StaffGuard } from './staff.guard.js';

@Gateway()
@UseGuards(StaffGuard)
export class DeskGateway {
  constructor(
    private readonly departures: DepartureTable,
    private readonly publisher: ChannelPublisher,
  ) {}

  /** Row and event commit together, so a row that is there was published: a repetition has nothing to do. */
  @Command(recordDeparture)
  @UseGuards(OwnAirportGuard)
  async record(
    @Payload() flight: RecordDepartureDto,
    @Tx() tx: Transaction,
  ): Promise<CommandResult<typeof recordDeparture>> {
    const departure = await this.departures.insert(tx, flight);
    if (!departure) return { recorded: 'before' };
    await this.publisher.publish(desk, { airport: departure.origin }, 'departure.recorded', departure);
    return { recorded: 'now' };
  }

  @Command(resumeFeed)
  async resume(@Payload() { from }: ResumeFeedDto, @Tx() tx: Transaction): Promise<CommandResult<typeof resumeFeed>> {
    const start = from ?? ((await this.departures.last(tx)) ?? -1) + 1;
    return { next: await this.departures.firstGap(tx, start) };
  }
}
