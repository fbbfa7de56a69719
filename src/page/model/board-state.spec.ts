import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Departure } from '../../contracts/desk.contract.js';
import { boardAfter, emptyBoard, MAX_ROWS, type BoardInput, type BoardState } from './board-state.js';

const departure = (entry: number): Departure => ({
  id: 1_000 - entry,
  entry,
  origin: 'SFO',
  destination: 'LAX',
  departedAt: '2001-01-01T08:00',
  delayMinutes: 0,
  distanceMiles: 337,
});

const read = (...entries: number[]): BoardInput => ({ kind: 'read', departures: entries.map(departure) });
const event = (entry: number, isRecovered = false): BoardInput => ({
  kind: 'recorded',
  departure: departure(entry),
  offset: entry,
  isRecovered,
});
const board = (...inputs: BoardInput[]): BoardState => inputs.reduce(boardAfter, emptyBoard);
const entries = ({ rows }: BoardState): number[] => rows.map((row) => row.departure.entry);

describe('a board', () => {
  it('is read, then has what happens on top', () => {
    const state = board(read(3, 2, 1), event(4), event(5));
    expect(entries(state)).toEqual([5, 4, 3, 2, 1]);
    expect(state.rows.map(({ arrival, offset }) => [arrival, offset])).toEqual([
      ['live', 5],
      ['live', 4],
      ['read', undefined],
      ['read', undefined],
      ['read', undefined],
    ]);
  });

  it('tells what was recovered from what is live', () => {
    expect(board(read(), event(1), event(2, true)).rows.map(({ arrival }) => arrival)).toEqual(['recovered', 'live']);
  });

  it('is being read until it was, whatever happens meanwhile', () => {
    expect(board(event(9)).kind).toBe('reading');
    expect(board(event(9), read(8)).kind).toBe('current');
  });

  it('takes a departure that was read and happened once, as the event that came first', () => {
    const state = board(event(4), read(4, 3), event(3));
    expect(entries(state)).toEqual([4, 3]);
    expect(state.rows.map(({ arrival }) => arrival)).toEqual(['live', 'read']);
  });

  it('forgets everything when events are lost', () => {
    expect(board(read(3, 2), event(4), { kind: 'discontinuity' })).toEqual(emptyBoard);
  });

  it('keeps the newest, up to its bound', () => {
    const many = Array.from({ length: MAX_ROWS + 20 }, (_, index) => event(index + 1));
    const state = board(...many, read(2, 1));
    expect(state.rows).toHaveLength(MAX_ROWS);
    expect(entries(state)[0]).toBe(MAX_ROWS + 20);
    expect(entries(state).at(-1)).toBe(21);
  });

  it('comes to the same rows, without hole or double, wherever the answer falls among the events', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), fc.nat(30), (head, more, when) => {
        const events = Array.from({ length: more }, (_, index) => event(head + index + 1));
        const at = Math.min(when, more);
        // The read may see any of the events that came before its answer, and those up to the head in any case.
        for (let seen = 0; seen <= at; seen++) {
          const upTo = Array.from({ length: head + seen }, (_, index) => head + seen - index);
          const state = board(...events.slice(0, at), read(...upTo), ...events.slice(at));
          expect(entries(state)).toEqual(Array.from({ length: head + more }, (_, index) => head + more - index));
        }
      }),
      { numRuns: 50 },
    );
  });
});
