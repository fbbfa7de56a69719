import { createClient, type Client } from '@millrace/client';
import { chosenAirport, type AirportNames } from './model/airport-choice.js';
import { connectionLabel } from './model/connection-label.js';
import { othersText } from './model/viewer-list.js';
import { BoardWatch } from './session/board-watch.js';
import { Cut } from './session/cut.js';
import { NoticeBoard } from './session/notice-board.js';
import { signIn } from './session/sign-in.js';
import { ViewersWatch } from './session/viewers-watch.js';
import { AirportPicker } from './view/airport-picker.js';
import { BoardView } from './view/board-view.js';
import { element, onNextFrame } from './view/element.js';
import { NoticeView } from './view/notice-view.js';
import { StatusView } from './view/status-view.js';

/** How often countdowns are drawn. */
const DRAW_EVERY_MS = 250;

const after = (delayMs: number, task: () => void): (() => void) => {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
};

const every = (intervalMs: number, task: () => void): (() => void) => {
  const timer = setInterval(task, intervalMs);
  return () => clearInterval(timer);
};

/** Puts client, models and views together, for as long as the page is open. */
export class DeparturesPage {
  readonly #client: Client;
  readonly #cut: Cut;
  readonly #picker: AirportPicker;
  readonly #boardView: BoardView;
  readonly #status: StatusView;
  readonly #notices: NoticeBoard;
  readonly #viewers = element('viewers', HTMLElement);
  #board: BoardWatch | undefined;
  #others: ViewersWatch | undefined;

  constructor(
    private readonly names: AirportNames,
    private readonly me: string,
  ) {
    this.#client = createClient({
      url: '/',
      client: { name: 'departures-page', version: '0.1.0' },
      token: ({ signal }) => signIn(me, signal),
    });
    this.#cut = new Cut(this.#client, Date.now, after);
    this.#status = new StatusView(() => this.#cutConnection());
    this.#boardView = new BoardView(names.placeOf);
    const noticeView = new NoticeView();
    this.#notices = new NoticeBoard(after, (notice) => {
      noticeView.draw(notice);
      // The marks of rows mean nothing without the notice that explains them.
      if (notice.kind !== 'recovered') this.#boardView.settle();
    });
    this.#picker = new AirportPicker(names, (code) => {
      location.hash = code;
    });
  }

  start(): void {
    this.#client.onState(({ kind }) => {
      if (kind !== 'connected') this.#notices.disconnected();
      this.#drawStatus();
    });
    addEventListener('hashchange', () => this.#open());
    every(DRAW_EVERY_MS, () => this.#drawStatus());
    this.#client.connect();
    this.#open();
  }

  #open(): void {
    const airport = chosenAirport(location.hash, this.names);
    if (airport === undefined || airport === this.#board?.airport) return;
    this.#board?.close();
    this.#others?.close();
    this.#picker.show(airport);
    this.#boardView.open(airport);
    this.#notices.show({ kind: 'none' });
    const draw = onNextFrame(() => {
      if (this.#board === board) this.#boardView.draw(board.state);
    });
    const board = (this.#board = new BoardWatch(
      this.#client,
      airport,
      {
        changed: draw,
        recovered: (count) => this.#notices.show({ kind: 'recovered', count }),
        discontinuity: () => this.#notices.show({ kind: 'lost' }),
        failed: (message) => this.#notices.show({ kind: 'failed', message }),
      },
      after,
    ));
    this.#others = new ViewersWatch({
      client: this.#client,
      airport,
      me: this.me,
      now: Date.now,
      every,
      onChange: (names) => this.#drawViewers(othersText(names)),
    });
  }

  #cutConnection(): void {
    if (this.#client.state.kind !== 'connected') return;
    this.#cut.begin();
    this.#notices.show({ kind: 'cut' });
    this.#drawStatus();
  }

  #drawStatus(): void {
    const { state } = this.#client;
    this.#status.draw(
      connectionLabel(state, this.#cut.until, Date.now()),
      state.kind === 'connected' ? 'possible' : 'not-now',
    );
  }

  #drawViewers(text: string): void {
    if (this.#viewers.textContent !== text) this.#viewers.textContent = text;
  }
}
