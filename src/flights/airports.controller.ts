import { Controller, Get } from '@nestjs/common';
import type { Airport } from '../contracts/airport.contract.js';
import { AirportDirectory } from './airport-directory.js';

@Controller('airports')
export class AirportsController {
  constructor(private readonly directory: AirportDirectory) {}

  @Get()
  list(): Airport[] {
    return this.directory.all();
  }
}
