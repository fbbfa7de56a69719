import { describe, expect, it } from 'vitest';
import { readAirports } from './airports.js';
import { parseFlight, readFlights } from './flights.js';

const row = { date: '2001/01/01 00:47', delay: 66, distance: 1750, origin: 'DTW', destination: 'LAS' };

describe('the data set', () => {
  it('has 20,000 flights, oldest first, that know their row', async () => {
    const flights = await readFlights();
    expect(flights).toHaveLength(20_000);
    expect(flights[0]).toEqual({
      id: 0,
      origin: 'DTW',
      destination: 'LAS',
      departedAt: '2001-01-01T00:47',
      delayMinutes: 66,
      distanceMiles: 1750,
    });
    expect(flights.every(({ id }, index) => id === index)).toBe(true);
    const times = flights.map(({ departedAt }) => departedAt);
    expect(times).toEqual(times.toSorted());
  });

  it('knows every airport that a flight leaves from or goes to, busiest first', async () => {
    const airports = await readAirports();
    expect(airports).toHaveLength(224);
    expect(airports.filter(({ departures }) => departures > 0)).toHaveLength(220);
    expect(airports.reduce((sum, { departures }) => sum + departures, 0)).toBe(20_000);
    expect(airports[0]).toEqual({
      code: 'DFW',
      name: 'Dallas-Fort Worth International',
      city: 'Dallas-Fort Worth',
      state: 'TX',
      departures: 1103,
    });
    expect(airports.filter(({ name, code }) => name === code)).toEqual([]);
  });

  it('leaves out what the file of airports does not know', async () => {
    const { city, state, name } = (await readAirports()).find(({ code }) => code === 'MQT') ?? {};
    expect([name, city, state]).toEqual(['Marquette County Airport', undefined, undefined]);
  });
});

describe('parseFlight', () => {
  it.each([
    ['no object', null],
    ['another date', { ...row, date: '2001-01-01' }],
    ['a delay that is text', { ...row, delay: '66' }],
    ['half a mile', { ...row, distance: 0.5 }],
    ['no origin', { ...row, origin: undefined }],
    ['a long code', { ...row, destination: 'LASX' }],
  ])('refuses a row with %s and names it', (_case, broken) => {
    expect(() => parseFlight(broken, 7)).toThrow(/^Row 7 of flights-20k.json is not a flight/);
  });

  it('takes an early arrival', () => {
    expect(parseFlight({ ...row, delay: -27 }, 1)).toMatchObject({ delayMinutes: -27 });
  });
});
