import { describe, expect, it } from 'vitest';
import { readFlights } from '../flights/flights.js';
import { feedCommandLine, feedOptions, parseStrictly, readFeedArguments, UsageError } from './feed-arguments.js';
import { firstOfDay } from './first-of-day.js';

const read = (...args: string[]) => readFeedArguments(parseStrictly(args, feedOptions));

describe('the arguments of the feed', () => {
  it.each([
    [[], { rate: 5 }],
    [['--rate', '20'], { rate: 20 }],
    [['--rate=0.5', '--from', '2001-02-01'], { rate: 0.5, from: '2001-02-01' }],
  ])('%j are %j', (args, expected) => {
    expect(read(...args)).toEqual(expected);
  });

  it('are the same after a way through a command line', () => {
    for (const args of [{ rate: 5 }, { rate: 0.5, from: '2001-02-28' }]) {
      expect(read(...feedCommandLine(args))).toEqual(args);
    }
  });

  it.each([
    [['--rate', '0'], /^--rate is "0"; it must be a number from 0.1 to 500$/],
    [['--rate', '501'], /^--rate/],
    [['--rate', '1e2'], /^--rate/],
    [['--rate=-5'], /^--rate/],
    [['--rate', ''], /^--rate/],
    [['--from', 'February'], /^--from is "February"; it must be a day such as 2001-02-01$/],
    [['--from', '2001-02-30'], /^--from/],
    [['--from', '2001-2-1'], /^--from/],
    [['--form', '2001-02-01'], /--form/],
    [['2001-02-01'], /2001-02-01/],
    [['--rate'], /--rate/],
  ])('%j are refused', (args, message) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(message);
  });
});

describe('the first row of a day', () => {
  it.each([
    ['2000-12-31', 0, '2001-01-01'],
    ['2001-01-01', 0, '2001-01-01'],
    ['2001-02-01', 6_937, '2001-02-01'],
  ])('%s is row %i', async (day, row, first) => {
    const flights = await readFlights();
    expect(firstOfDay(flights, day)).toBe(row);
    expect(flights[row]?.departedAt.slice(0, 10)).toBe(first);
    for (const { departedAt } of flights.slice(Math.max(0, row - 5), row)) expect(departedAt < day).toBe(true);
  });

  it('after the last one stands behind all rows', async () => {
    const flights = await readFlights();
    expect(firstOfDay(flights, '2001-04-01')).toBe(flights.length);
  });
});
