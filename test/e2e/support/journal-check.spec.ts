import { describe, expect, it } from 'vitest';
import { cleanJournals, judgeJournals, type LoggedEvent } from './journal-check.js';

const event = (offset: number, epoch = 'e1', channel = 'board.red'): LoggedEvent => ({
  channel,
  epoch,
  offset,
  id: `${epoch}-${offset}`,
  type: 'note.written',
  data: `{"text": "${offset}"}`,
});
const log = [1, 2, 3, 4, 5].map((offset) => event(offset));
const handed = (one: LoggedEvent) => ({ ...one, data: JSON.stringify(JSON.parse(one.data)) });
const judged = (events: readonly LoggedEvent[], after = 0, of = log) =>
  judgeJournals([{ reader: 'ada', channel: 'board.red', after, events: events.map(handed) }], of);

describe('the journal checker', () => {
  it('passes a whole journal, from where it began', () => {
    expect(judged(log)).toEqual({ journals: 1, owed: 5, handed: 5, ...cleanJournals });
    expect(judged(log.slice(2), 2)).toEqual({ journals: 1, owed: 3, handed: 3, ...cleanJournals });
  });

  const [one, two, three, four, five] = log as [LoggedEvent, LoggedEvent, LoggedEvent, LoggedEvent, LoggedEvent];
  it.each([
    ['one is missing', [one, two, four, five], { lost: 1 }],
    ['the first is missing', [two, three, four, five], { lost: 1 }],
    ['the last is missing', [one, two, three, four], { lost: 1 }],
    ['nothing came', [], { lost: 5 }],
    ['one came twice', [one, two, two, three, four, five], { doubled: 1 }],
    ['one came again at the end', [one, two, three, four, five, one], { doubled: 1 }],
    ['two changed places', [one, three, two, four, five], { swapped: 1 }],
    ['one is of another epoch', [one, two, { ...three, epoch: 'e2' }, four, five], { lost: 1, foreign: 1 }],
    ['one has another id', [one, two, { ...three, id: 'x' }, four, five], { lost: 1, foreign: 1 }],
    ['one has other data', [one, two, { ...three, data: '{"text":"x"}' }, four, five], { lost: 1, foreign: 1 }],
    ['one has another type', [one, two, { ...three, type: 'note.posted' }, four, five], { lost: 1, foreign: 1 }],
    ['one was never numbered', [one, two, three, four, five, event(6)], { foreign: 1 }],
  ])('sees that %s', (_what, events, faults) => {
    expect(judged(events)).toMatchObject({ ...cleanJournals, ...faults });
  });

  it('sees an event from before the beginning, and one of another channel', () => {
    expect(judged(log, 2)).toMatchObject({ ...cleanJournals, foreign: 2 });
    expect(judged(log, 0, [...log, event(1, 'e1', 'board.blue')])).toMatchObject(cleanJournals);
  });

  it('goes on over a change of the epoch, in the order of the log', () => {
    const renewed = [...log, event(1, 'e2'), event(2, 'e2')];
    expect(judged(renewed, 3, renewed)).toMatchObject({ owed: 4, foreign: 3 });
    expect(judged(renewed.slice(3), 3, renewed)).toMatchObject({ owed: 4, ...cleanJournals });
    expect(judged([four, five, event(2, 'e2'), event(1, 'e2')], 3, renewed)).toMatchObject({ swapped: 1 });
  });
});
