import { Module } from '@nestjs/common';
import { AirportDirectory } from './airport-directory.js';
import { AirportsController } from './airports.controller.js';

@Module({ providers: [AirportDirectory], controllers: [AirportsController], exports: [AirportDirectory] })
export class FlightsModule {}
