import type { Label } from '../model/connection-label.js';
import { CUT_MS } from '../session/cut.js';
import { element } from './element.js';

/** The connection, the button that cuts it, and what there is to say about both. */
export class StatusView {
  readonly #connection = element('connection', HTMLElement);
  readonly #button = element('cut', HTMLButtonElement);
  readonly #notice = element('notice', HTMLElement);

  constructor(onCut: () => void) {
    this.#button.textContent = `Cut the connection for ${CUT_MS / 1_000} s`;
    this.#button.addEventListener('click', onCut);
  }

  draw({ text, tone }: Label, cut: 'possible' | 'not-now'): void {
    // Only what changes: a screen reader would be told again.
    if (this.#connection.textContent !== text) this.#connection.textContent = text;
    this.#connection.dataset['tone'] = tone;
    // Disabled for real it would lose the focus.
    this.#button.setAttribute('aria-disabled', String(cut === 'not-now'));
  }

  notice(text: string): void {
    this.#notice.textContent = text;
  }
}
