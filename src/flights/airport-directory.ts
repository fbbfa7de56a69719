import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Airport } from '../contracts/airport.contract.js';
import { readAirports } from './airports.js';

/** The airports of the data set. Each has a board. */
@Injectable()
export class AirportDirectory implements OnModuleInit {
  #airports: ReadonlyMap<string, Airport> = new Map();

  async onModuleInit(): Promise<void> {
    this.#airports = new Map((await readAirports()).map((airport) => [airport.code, airport]));
  }

  /** Busiest first. */
  all(): Airport[] {
    return [...this.#airports.values()];
  }

  has(code: string): boolean {
    return this.#airports.has(code);
  }
}
