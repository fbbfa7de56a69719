import type { Client, RealtimeError, Subscription } from '@millrace/client';
import { readBoard } from '../../contracts/board.contract.js';
import { desk } from '../../contracts/desk.contract.js';
import { boardAfter, emptyBoard, type BoardInput, type BoardState } from '../model/board-state.js';

export interface BoardListener {
  changed(state: BoardState): void;
  recovered(count: number): void;
  /** The board is read anew, because events are lost for good. */
  discontinuity(): void;
  failed(message: string): void;
}

/** Rows to begin with. */
const READ_LIMIT = 50;
const READ_AGAIN_MS = 2_000;

/**
 * One board, from now on. It subscribes FIRST and then reads what is there:
 *
 *     events:   … 7 ── 8 ──┊── 9 ────────── 10 ──────── 11 ─▶
 *     page:      subscribed┊at 8 ─▶ reads … ┊ … answer with 1–9
 *                          ┊  gets 9        ┊ gets 10        gets 11
 *
 * The read begins after the head was fixed, so all up to 8 is in it; all after 8 comes as an event. What comes both ways
 * (9) has the same row id and is put in once. Reading first would lose what is recorded between the answer and the
 * subscription.
 */
export class BoardWatch {
  #state: BoardState = emptyBoard;
  readonly #subscription: Subscription<typeof desk>;
  /** Aborted when the read under way is of no use any more. */
  #reading = new AbortController();
  #cancelTimer = (): void => {};

  constructor(
    private readonly client: Client,
    readonly airport: string,
    private readonly listener: BoardListener,
    private readonly after: (delayMs: number, task: () => void) => () => void,
  ) {
    const subscription = (this.#subscription = client.subscribe(desk, { airport }));
    const stopWaiting = subscription.on('state', (status) => {
      if (status !== 'subscribed') return;
      stopWaiting();
      this.#read();
    });
    subscription.on('departure.recorded', (departure, { offset, isRecovered }) =>
      this.#apply({ kind: 'recorded', departure, offset, isRecovered }),
    );
    subscription.on('recovered', ({ count }) => listener.recovered(count));
    subscription.on('discontinuity', () => {
      this.#apply({ kind: 'discontinuity' });
      listener.discontinuity();
      this.#read();
    });
    subscription.on('error', (error) => listener.failed(error.message));
  }

  get state(): BoardState {
    return this.#state;
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.#reading.abort();
    this.#cancelTimer();
  }

  /** What a read before this one brings is dropped: it may have been read before the hole. */
  #read(): void {
    this.#reading.abort();
    this.#cancelTimer();
    const { signal } = (this.#reading = new AbortController());
    this.client.send(readBoard, { airport: this.airport, limit: READ_LIMIT }, { signal }).then(
      ({ departures }) => this.#apply({ kind: 'read', departures }),
      (error: RealtimeError) => {
        if (signal.aborted || error.code === 'CLIENT_CLOSED') return;
        // A lost connection says so itself, and its read is simply asked for again.
        if (error.retry === 'never') this.listener.failed(error.message);
        this.#cancelTimer = this.after(READ_AGAIN_MS, () => this.#read());
      },
    );
  }

  #apply(input: BoardInput): void {
    this.#state = boardAfter(this.#state, input);
    this.listener.changed(this.#state);
  }
}
