import { Module } from '@nestjs/common';
import { FlightsModule } from '../flights/flights.module.js';
import { DepartureTable } from './departure-table.js';
import { DeskGateway } from './desk.gateway.js';
import { DeskPolicy } from './desk.policy.js';

@Module({ imports: [FlightsModule], providers: [DepartureTable, DeskGateway, DeskPolicy], exports: [DepartureTable] })
export class DeskModule {}
