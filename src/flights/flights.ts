import { AIRPORT_CODE } from '../contracts/airport.contract.js';
import type { Flight } from '../contracts/desk.contract.js';
import { readDataFile } from './data-file.js';

/**
 * All flights, oldest first. The package does not say what its columns mean; the script that made them (its
 * `scripts/flights.py`) does: `date` is the actual departure, `delay` the minutes late on ARRIVAL.
 */
export async function readFlights(): Promise<readonly Flight[]> {
  const rows: unknown = JSON.parse(await readDataFile('flights-20k.json'));
  if (!Array.isArray(rows)) throw new TypeError('flights-20k.json does not hold a list');
  return rows.map(parseFlight);
}

const DATE = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d)$/;

/**
 * Every row of the release in use is sound. A later one may not be, and a row left out silently would shift nothing
 * but lose a departure, so it is an error.
 *
 * @throws TypeError
 */
export function parseFlight(row: unknown, id: number): Flight {
  const { date, delay, distance, origin, destination } = (row ?? {}) as Readonly<Record<string, unknown>>;
  const [, year, month, day, time] = DATE.exec(String(date)) ?? [];
  if (
    time === undefined ||
    !isCode(origin) ||
    !isCode(destination) ||
    !Number.isInteger(delay) ||
    !Number.isInteger(distance)
  ) {
    throw new TypeError(`Row ${id} of flights-20k.json is not a flight: ${JSON.stringify(row)}`);
  }
  return {
    id,
    origin,
    destination,
    departedAt: `${year}-${month}-${day}T${time}`,
    delayMinutes: delay as number,
    distanceMiles: distance as number,
  };
}

const isCode = (value: unknown): value is string => typeof value === 'string' && AIRPORT_CODE.test(value);
