import type { Airport } from '../contracts/airport.contract.js';
import { parseCsv } from './csv.js';
import { readDataFile } from './data-file.js';
import { readFlights } from './flights.js';

/** The airports that flights of the data set leave from or go to, busiest first. */
export async function readAirports(): Promise<readonly Airport[]> {
  const [text, flights] = await Promise.all([readDataFile('airports.csv'), readFlights()]);
  const known = new Map(parseCsv(text).map((record) => [record['iata'], record]));
  const departures = new Map<string, number>();
  for (const { origin, destination } of flights) {
    departures.set(origin, (departures.get(origin) ?? 0) + 1);
    if (!departures.has(destination)) departures.set(destination, 0);
  }
  return [...departures]
    .map(([code, count]) => airport(code, count, known.get(code)))
    .toSorted((a, b) => b.departures - a.departures || (a.code < b.code ? -1 : 1));
}

/** What is not known is left out: the file says `NA` there. */
function airport(code: string, departures: number, record: Readonly<Record<string, string>> = {}): Airport {
  const { name, city, state } = record;
  return {
    code,
    name: isKnown(name) ? name : code,
    ...(isKnown(city) && { city }),
    ...(isKnown(state) && { state }),
    departures,
  };
}

const isKnown = (text: string | undefined): text is string => text !== undefined && text !== '' && text !== 'NA';
