import type { Notice } from '../model/notice.js';

/** Long enough to scroll through what was recovered; then the board is an ordinary one again. */
export const RECOVERED_MS = 30_000;

/** Holds the one notice that stands now, and takes good news away when they are old. */
export class NoticeBoard {
  #notice: Notice = { kind: 'none' };
  #cancelTimer = (): void => {};

  constructor(
    private readonly after: (delayMs: number, task: () => void) => () => void,
    private readonly changed: (notice: Notice) => void,
  ) {}

  show(notice: Notice): void {
    this.#cancelTimer();
    this.#cancelTimer =
      notice.kind === 'recovered' ? this.after(RECOVERED_MS, () => this.show({ kind: 'none' })) : () => {};
    this.#notice = notice;
    this.changed(notice);
  }

  /** The connection is gone: what the next one recovers must not be taken for more of what this one did. */
  disconnected(): void {
    if (this.#notice.kind === 'recovered') this.show({ kind: 'none' });
  }
}
