import { noticeText, type Notice } from '../model/notice.js';
import { CUT_MS } from '../session/cut.js';
import { element, make } from './element.js';

/** The banner at the head of the board. The element is always there, or a screen reader would not tell its first text. */
export class NoticeView {
  readonly #banner = element('notice', HTMLElement);

  constructor() {
    this.#banner.style.setProperty('--cut-duration', `${CUT_MS}ms`);
  }

  draw(notice: Notice): void {
    this.#banner.dataset['kind'] = notice.kind;
    this.#banner.replaceChildren(...(notice.kind === 'none' ? [] : parts(notice)));
  }
}

function parts(notice: Exclude<Notice, { kind: 'none' }>): Node[] {
  const { figure, headline, detail } = noticeText(notice);
  const said = make(
    'strong',
    {},
    ...(figure === undefined ? [] : [make('span', { class: 'figure' }, figure), ' ']),
    headline,
  );
  const more = make('p', {}, detail);
  const isMarked = notice.kind === 'recovered' && notice.count > 0;
  return [said, ...(isMarked ? [make('div', {}, more, legend())] : [more])];
}

const legend = (): HTMLElement => make('p', { class: 'legend' }, 'marks what you missed');
