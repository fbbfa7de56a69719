import { describe, expect, it } from 'vitest';
import { cleanCommands, judgeCommands, type CommandRecord } from './command-check.js';
import type { LoggedEvent } from './journal-check.js';

const event = (text: string, offset = 1): LoggedEvent => ({
  channel: 'board.red',
  epoch: 'e1',
  offset,
  id: `id-${text}`,
  type: 'note.written',
  data: JSON.stringify({ text }),
});
const at = (sentAt: number) => ({ sentAt, answeredAt: sentAt + 5 });
const written: CommandRecord = { text: 'a', effect: 'row', outcome: 'applied', event: 'id-a', ...at(10) };
const posted: CommandRecord = { text: 'b', effect: 'event', outcome: 'applied', event: 'id-b', ...at(20) };
const spoiled: CommandRecord = { text: 'c', effect: 'none', outcome: 'not-applied', ...at(30) };
const unknown: CommandRecord = { text: 'd', effect: 'row', outcome: 'unknown', ...at(40) };

describe('the command checker', () => {
  it('passes what was told as it is, and looks up what nobody could tell', () => {
    const records = [written, posted, spoiled, unknown];
    expect(judgeCommands(records, ['a'], [event('a'), event('b')])).toEqual({
      commands: 4,
      applied: 2,
      refused: 1,
      unknown: 1,
      unknownApplied: 0,
      ...cleanCommands,
    });
    expect(judgeCommands([unknown], ['d'], [event('d')])).toMatchObject({ unknownApplied: 1, ...cleanCommands });
  });

  it.each([
    ['the row of an applied one is missing', written, [], [event('a')], { missing: 1, torn: 1 }],
    ['the event of an applied one is missing', written, ['a'], [], { missing: 1, torn: 1 }],
    ['all of an applied one is missing', written, [], [], { missing: 1 }],
    ['a direct event is missing', posted, [], [], { missing: 1 }],
    ['another event was named', { ...written, event: 'x' }, ['a'], [event('a')], { missing: 1 }],
    ['the event of a rolled-back one is there', spoiled, [], [event('c')], { ghosts: 1, torn: 1 }],
    ['a rolled-back one is there', spoiled, ['c'], [event('c')], { ghosts: 1 }],
    [
      'one that was told as not applied is there',
      { ...written, outcome: 'not-applied' as const },
      ['a'],
      [event('a')],
      { ghosts: 1 },
    ],
    ['an unknown one is there by half', unknown, ['d'], [], { torn: 1 }],
    ['a row is there twice', written, ['a', 'a'], [event('a')], { repeated: 1 }],
    ['an event is there twice', posted, [], [event('b'), event('b', 2)], { repeated: 1 }],
  ])('sees that %s', (_what, record, rows, log, faults) => {
    expect(judgeCommands([record], rows, log)).toMatchObject({ ...cleanCommands, ...faults });
  });

  it('sees an event that overtook one which was answered before it was sent', () => {
    const swapped = [event('b', 1), event('a', 2)];
    expect(judgeCommands([written, posted], ['a'], swapped)).toMatchObject({ ...cleanCommands, overtaken: 1 });
    const together = { ...posted, sentAt: written.answeredAt - 1 };
    expect(judgeCommands([written, together], ['a'], swapped)).toMatchObject(cleanCommands);
    const elsewhere = swapped.map((one) => ({ ...one, channel: `board.${one.id}` }));
    expect(judgeCommands([written, posted], ['a'], elsewhere)).toMatchObject(cleanCommands);
  });
});
