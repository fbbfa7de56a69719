import type { AirportNames } from '../model/airport-choice.js';
import { element, make } from './element.js';

/** The choice of an airport: a list of all, and buttons for the busiest. */
export class AirportPicker {
  readonly #select = element('airport', HTMLSelectElement);
  readonly #chips: readonly HTMLButtonElement[];

  constructor({ choices, busiest, placeOf }: AirportNames, onPick: (code: string) => void) {
    this.#select.append(...choices.map(({ code, text }) => make('option', { value: code }, text)));
    this.#select.addEventListener('change', () => onPick(this.#select.value));
    this.#chips = busiest.map((code) => {
      const chip = make('button', { type: 'button', value: code, 'aria-label': `${placeOf(code)}, ${code}` }, code);
      chip.addEventListener('click', () => onPick(code));
      return chip;
    });
    element('busiest', HTMLElement).append(...this.#chips);
  }

  show(airport: string): void {
    this.#select.value = airport;
    for (const chip of this.#chips) chip.setAttribute('aria-pressed', String(chip.value === airport));
  }
}
