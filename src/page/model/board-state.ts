import type { Departure } from '../../contracts/desk.contract.js';

export interface BoardRow {
  readonly departure: Departure;
  /** How it came here: with the board when that was read, as it happened, or after the fact. */
  readonly arrival: 'read' | 'live' | 'recovered';
  /** Its place on the channel, for a row that came as an event. */
  readonly offset?: number;
}

/** `reading`: what was recorded before the subscription began is still missing. */
export interface BoardState {
  readonly kind: 'reading' | 'current';
  /** Newest first. */
  readonly rows: readonly BoardRow[];
}

export type BoardInput =
  | { readonly kind: 'read'; readonly departures: readonly Departure[] }
  | {
      readonly kind: 'recorded';
      readonly departure: Departure;
      readonly offset: number | undefined;
      readonly isRecovered: boolean;
    }
  /** Events are lost, so nothing on the board can be relied on. */
  | { readonly kind: 'discontinuity' };

export const MAX_ROWS = 200;

export const emptyBoard: BoardState = { kind: 'reading', rows: [] };

export function boardAfter(state: BoardState, input: BoardInput): BoardState {
  switch (input.kind) {
    case 'read':
      return {
        kind: 'current',
        rows: merge(
          state.rows,
          input.departures.map((departure) => ({ departure, arrival: 'read' })),
        ),
      };
    case 'recorded':
      return { ...state, rows: merge(state.rows, [rowOf(input)]) };
    case 'discontinuity':
      return emptyBoard;
    default:
      return input satisfies never;
  }
}

function rowOf({ departure, offset, isRecovered }: Extract<BoardInput, { kind: 'recorded' }>): BoardRow {
  return { departure, arrival: isRecovered ? 'recovered' : 'live', ...(offset !== undefined && { offset }) };
}

/** A departure may come twice, as an event and with what was read; the row that stands there already stays. */
function merge(rows: readonly BoardRow[], more: readonly BoardRow[]): readonly BoardRow[] {
  const known = new Set(rows.map(({ departure }) => departure.id));
  const added = more.filter(({ departure }) => !known.has(departure.id));
  return [...added, ...rows].toSorted((a, b) => b.departure.entry - a.departure.entry).slice(0, MAX_ROWS);
}
