import type { Label } from '../model/connection-label.js';
import { CUT_MS } from '../session/cut.js';
import { element, make } from './element.js';

/** The connection, and the button that cuts it. */
export class StatusView {
  readonly #connection = element('connection', HTMLElement);
  readonly #button = element('cut', HTMLButtonElement);

  constructor(onCut: () => void) {
    this.#button.append('Cut the connection', make('span', { class: 'wide' }, ` for ${CUT_MS / 1_000} s`));
    this.#button.addEventListener('click', onCut);
  }

  draw({ text, tone }: Label, cut: 'possible' | 'not-now'): void {
    // Only what changes: a screen reader would be told again.
    if (this.#connection.textContent !== text) this.#connection.textContent = text;
    this.#connection.dataset['tone'] = tone;
    // Disabled for real it would lose the focus.
    this.#button.setAttribute('aria-disabled', String(cut === 'not-now'));
  }
}
