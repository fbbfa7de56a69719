import { ForbiddenException } from '@nestjs/common';
import { ChannelPublisher, Command, CurrentPrincipal, Gateway, Payload, Tx, type Transaction } from '@millrace/nest';
import type { CommandResult } from '@millrace/protocol';
import { readBoard, viewBoard, viewers } from '../contracts/board.contract.js';
import { DepartureTable } from '../desk/departure-table.js';
import { AirportDirectory } from '../flights/airport-directory.js';
import type { Principal } from '../sign-in/principal.js';
import { ReadBoardDto, ViewBoardDto } from './board.dto.js';

/** What everybody who is signed in may do, hence without guards. */
@Gateway()
export class BoardGateway {
  constructor(
    private readonly departures: DepartureTable,
    private readonly airports: AirportDirectory,
    private readonly publisher: ChannelPublisher,
  ) {}

  @Command(viewBoard)
  async view(@Payload() { airport }: ViewBoardDto, @CurrentPrincipal() { name }: Principal): Promise<void> {
    if (!this.airports.has(airport)) throw new ForbiddenException();
    await this.publisher.publish(viewers, { airport }, 'viewer.seen', { name });
  }

  @Command(readBoard)
  async read(
    @Payload() { airport, limit }: ReadBoardDto,
    @Tx() tx: Transaction,
  ): Promise<CommandResult<typeof readBoard>> {
    return { departures: await this.departures.newest(tx, airport, limit) };
  }
}
