import { Module } from '@nestjs/common';
import { DeskModule } from '../desk/desk.module.js';
import { FlightsModule } from '../flights/flights.module.js';
import { BoardGateway } from './board.gateway.js';
import { ViewersPolicy } from './viewers.policy.js';

@Module({ imports: [DeskModule, FlightsModule], providers: [BoardGateway, ViewersPolicy] })
export class BoardModule {}
