import { expect, it } from 'vitest';
import { worstOf } from './shed.js';

const waiting = Object.entries({ a: 10, b: 500, c: 0, d: 900, e: 20, f: 400 }).map(([session, waitingBytes]) => ({
  session,
  waitingBytes,
}));

it.each([
  [0, []],
  [1, ['d']],
  [900, ['d']],
  [901, ['d', 'b']],
  [100_000, ['d', 'b', 'f']],
])('for %i bytes too many those go who let the most wait, and never one who reads', (excess, gone) => {
  expect(worstOf(waiting, excess)).toEqual(gone);
});

it('lets one of those go who are all alike', () => {
  const alike = ['a', 'b', 'c'].map((session) => ({ session, waitingBytes: 100 }));
  expect(worstOf(alike, 50)).toEqual(['a']);
});
