import type { BoardRow, BoardState } from '../model/board-state.js';
import { delayText, delayTone, departedText } from '../model/departure-text.js';
import { element, make } from './element.js';

/** Draws a board. Rows that stand already are not touched, so that only new ones move. */
export class BoardView {
  readonly #body = element('rows', HTMLTableSectionElement);
  readonly #empty = element('empty', HTMLElement);
  readonly #title = element('board-title', HTMLElement);
  readonly #drawn = new Map<number, HTMLTableRowElement>();

  constructor(private readonly placeOf: (code: string) => string) {}

  open(airport: string): void {
    const title = `${airport} ${this.placeOf(airport)}`;
    this.#title.textContent = title;
    document.title = `${title}: departures`;
    this.draw({ kind: 'reading', rows: [] });
  }

  draw({ kind, rows }: BoardState): void {
    const wanted = new Set(rows.map(({ departure }) => departure.id));
    for (const [id, row] of this.#drawn) {
      if (wanted.has(id)) continue;
      row.remove();
      this.#drawn.delete(id);
    }
    let place = this.#body.firstElementChild;
    for (const row of rows) {
      const drawn = this.#drawn.get(row.departure.id);
      if (drawn && drawn === place) place = place.nextElementSibling;
      else this.#body.insertBefore(drawn ?? this.#make(row), place);
    }
    this.#empty.hidden = rows.length > 0;
    this.#empty.textContent = kind === 'reading' ? 'Reading the board' : 'No departure is recorded here yet';
  }

  /** What was recovered is part of the board like everything else from now on. */
  settle(): void {
    for (const row of this.#body.querySelectorAll('.recovered')) row.classList.remove('recovered');
  }

  #make({ departure, arrival, offset }: BoardRow): HTMLTableRowElement {
    const { id, destination, departedAt, delayMinutes, distanceMiles } = departure;
    const { day, time } = departedText(departedAt);
    const row = make(
      'tr',
      {
        'data-id': String(id),
        'data-arrival': arrival,
        ...(arrival === 'recovered' && { class: arrival }),
        ...(offset !== undefined && { 'data-offset': String(offset) }),
      },
      make(
        'td',
        {},
        make('time', { datetime: departedAt }, make('span', { class: 'day' }, day), ` ${time}`),
        ...(arrival === 'recovered' ? [make('span', { class: 'hidden-text' }, ' (recovered)')] : []),
      ),
      make('td', {}, `${this.placeOf(destination)} `, make('span', { class: 'code' }, destination)),
      make('td', { 'data-delay': delayTone(delayMinutes) }, delayText(delayMinutes)),
      make('td', { class: 'miles' }, distanceMiles.toLocaleString('en')),
    );
    this.#drawn.set(id, row);
    return row;
  }
}
