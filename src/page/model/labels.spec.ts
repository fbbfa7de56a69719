import { wireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import type { Airport } from '../../contracts/airport.contract.js';
import { airportNames, chosenAirport } from './airport-choice.js';
import { connectionLabel } from './connection-label.js';
import { delayText, delayTone, departedText } from './departure-text.js';
import { noticeText } from './notice.js';
import { others, othersText, seen, SEEN_EVERY_MS, type ViewerList } from './viewer-list.js';

const now = 1_000_000;

describe('the connection', () => {
  const error = wireError('UNAUTHENTICATED');
  const counts = { attempt: 1, refusals: 0 };

  it.each([
    [{ kind: 'connected', session: 's', since: 0, ...counts } as const, 'Connected', 'good'],
    [{ kind: 'connecting', ...counts } as const, 'Connecting', 'busy'],
    [
      { kind: 'reconnecting', nextAt: now + 3_200, notBefore: 0, ...counts } as const,
      'No connection: trying again in 4 s',
      'bad',
    ],
    [
      { kind: 'reconnecting', nextAt: now - 5, notBefore: 0, ...counts } as const,
      'No connection: trying again in 1 s',
      'bad',
    ],
    [{ kind: 'draining', session: 's', nextAt: now } as const, 'The server restarts: moving over', 'busy'],
    [{ kind: 'needs-auth', error } as const, `Signed out: ${error.message}`, 'bad'],
    [{ kind: 'disconnected' } as const, 'Disconnected', 'bad'],
    [{ kind: 'disconnected', error } as const, `Disconnected: ${error.message}`, 'bad'],
    [{ kind: 'closed' } as const, 'Closed', 'bad'],
  ])('%j is shown as "%s"', (state, text, tone) => {
    expect(connectionLabel(state, undefined, now)).toEqual({ text, tone });
  });

  it('that was cut on purpose counts down', () => {
    expect(connectionLabel({ kind: 'disconnected' }, now + 6_100, now)).toEqual({
      text: 'Cut: back in 7 s',
      tone: 'bad',
    });
  });
});

describe('a delay', () => {
  it.each([
    [-27, '27 min early', 'early'],
    [-59, '59 min early', 'early'],
    [0, 'on time', 'on-time'],
    [1, '1 min late', 'slight'],
    [14, '14 min late', 'slight'],
    [15, '15 min late', 'late'],
    [59, '59 min late', 'late'],
    [60, '1 h 00 late', 'very-late'],
    [522, '8 h 42 late', 'very-late'],
  ])('of %i minutes is "%s", %s', (minutes, text, tone) => {
    expect(delayText(minutes)).toBe(text);
    expect(delayTone(minutes)).toBe(tone);
  });
});

it('shows a local time as it is written', () => {
  expect(departedText('2001-03-09T00:47')).toEqual({ day: '9 Mar', time: '00:47' });
});

describe('a notice', () => {
  it.each([
    [0, '0 events recovered', 'Nothing happened while you were away.'],
    [1, '1 event recovered', 'None is missing, none came twice.'],
    [1_234, '1,234 events recovered', 'None is missing, none came twice.'],
  ])('of %i events is "%s"', (count, text, detail) => {
    const told = noticeText({ kind: 'recovered', count });
    expect(`${told.figure} ${told.headline}`).toBe(text);
    expect(told.detail).toBe(detail);
  });

  it.each([
    [{ kind: 'cut' } as const, 'You are cut off', /^Departures go on/],
    [{ kind: 'lost' } as const, 'Events were lost for good', /The board was read anew\.$/],
    [{ kind: 'failed', message: 'Refused.' } as const, 'The board is not up to date', /^Refused\.$/],
  ])('%j is "%s", and has no figure', (notice, headline, detail) => {
    expect(noticeText(notice)).toEqual({ headline, detail: expect.stringMatching(detail) as string });
  });
});

describe('who is looking', () => {
  const list: ViewerList = new Map([
    ['Bob', now],
    ['Ada', now - SEEN_EVERY_MS],
    ['Me', now],
  ]);

  it('is everybody else, by name', () => {
    expect(others(list, 'Me', now)).toEqual(['Ada', 'Bob']);
  });

  it('is nobody who was not seen for a while', () => {
    expect(others(list, 'Me', now + 2 * SEEN_EVERY_MS)).toEqual(['Bob']);
    expect([...seen(list, 'Eve', now + 3 * SEEN_EVERY_MS).keys()]).toEqual(['Eve']);
  });

  it('is bounded', () => {
    let many: ViewerList = new Map();
    for (let index = 0; index < 600; index++) many = seen(many, `Guest ${index}`, now);
    expect(many.size).toBe(500);
    expect(seen(many, 'Guest 7', now + 1).get('Guest 7')).toBe(now + 1);
  });

  it.each([
    [[], 'Nobody else is looking'],
    [['Ada'], 'Also looking: Ada'],
    [['Ada', 'Bob', 'Eve'], 'Also looking: Ada, Bob, Eve'],
    [['Ada', 'Bob', 'Eve', 'Joe', 'Kim'], 'Also looking: Ada, Bob, Eve and 2 more'],
  ])('%j is told in words', (names, text) => {
    expect(othersText(names)).toBe(text);
  });
});

describe('the choice of airports', () => {
  const airports: Airport[] = [
    { code: 'ORD', name: "O'Hare", city: 'Chicago', state: 'IL', departures: 9 },
    { code: 'MQT', name: 'Marquette County', departures: 3 },
    { code: 'ACV', name: 'Arcata', city: 'Arcata', state: 'CA', departures: 1 },
    { code: 'GFK', name: 'Grand Forks', city: 'Grand Forks', state: 'ND', departures: 0 },
  ];
  const names = airportNames(airports);

  it('has those that flights leave from, by place', () => {
    expect(names.choices.map(({ text }) => text)).toEqual([
      'Arcata, CA (ACV)',
      'Chicago, IL (ORD)',
      'Marquette County (MQT)',
    ]);
    expect(names.busiest).toEqual(['ORD', 'MQT', 'ACV']);
  });

  it('names every destination', () => {
    expect(['GFK', 'MQT', 'XXX'].map(names.placeOf)).toEqual(['Grand Forks', 'Marquette County', 'XXX']);
  });

  it.each([
    ['#ACV', 'ACV'],
    ['#acv', 'ACV'],
    ['', 'ORD'],
    ['#GFK', 'ORD'],
    ['#<script>', 'ORD'],
  ])('takes %j for %s', (hash, code) => {
    expect(chosenAirport(hash, names)).toBe(code);
  });
});
