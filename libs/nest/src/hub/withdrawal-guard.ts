import type { Position } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { CodedError } from '../core/coded-error.js';
import { bytesOf } from '../core/event-bytes.js';
import { inBackground, safely } from '../core/safely.js';
import { inTime, LATE } from '../core/in-time.js';
import type { EventBatch, Placed } from '../core/stream-event.js';
import type { Recorder } from '../telemetry/recorder.js';
import { isMissing } from './held-batches.js';
import { batchesGuarded, guardedBytes } from './hub.metrics.js';
import type { HubOptions } from './hub.options.js';

/** The follower of the channel of withdrawals. Up to its `last`, all of them have been carried out on this node. */
export interface AccessFollower {
  readonly last: Position | undefined;
  /** Nothing is known to exist behind `last`. */
  readonly isSettled: boolean;
  /** The channel has come to `place`. */
  reached(place: Placed): void;
}

export interface WithdrawalGuardParts {
  /** Where the channel of withdrawals stands in the log now. */
  readonly head: () => Promise<Position>;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly options: Pick<HubOptions, 'maxGuardedBytes' | 'accessTimeoutMs' | 'busyRetryAfterMs'>;
}

interface Waiting {
  /** To be known before it may go; `undefined` until the log has said it. */
  place: Placed | undefined;
  readonly bytes: number;
  go(): void;
  fail(error: unknown): void;
}

/**
 * Lets no event out before this node has carried out every withdrawal that was numbered before it:
 *
 *     log:     … withdrawal 7 ── event 12 ──▶
 *     batch:      event 12, "numbered when withdrawal 7 was the newest"
 *     node:       has carried out 6 ─▶ holds 12, reads the channel of withdrawals ─▶ 7 carried out ─▶ 12 goes
 *
 * Whoever numbers events, and whoever reads them from the log, says how far the withdrawals had come. Usually that is
 * one comparison. Until the channel of withdrawals is followed nothing is carried out, and so nothing is held.
 */
export class WithdrawalGuard {
  #access: AccessFollower | undefined;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #isAsking = false;

  constructor(private readonly parts: WithdrawalGuardParts) {}

  follow(access: AccessFollower): void {
    this.#access = access;
  }

  /** Whether all withdrawals up to `place` have been carried out here. */
  admits(place: Placed | undefined): boolean {
    if (!this.#access) return true;
    const { last } = this.#access;
    return place !== undefined && last !== undefined && !isMissing(last, place);
  }

  /** Calls `release` when `batch` may go. Past the bound it is as if the broker had lost it. */
  hold(batch: EventBatch, release: () => void): void {
    const bytes = bytesOf(batch.events);
    const isTooMuch = this.#bytes + bytes > this.parts.options.maxGuardedBytes;
    this.parts.recorder.count(batchesGuarded, { result: isTooMuch ? 'dropped' : 'held' });
    if (isTooMuch) return;
    const fail = (): void => this.parts.recorder.count(batchesGuarded, { result: 'dropped' });
    this.#add({ place: batch.access, bytes, go: release, fail });
  }

  /**
   * Resolves when what was read from the log may go.
   *
   * @throws CodedError `BUSY` when the channel of withdrawals cannot be read in time
   */
  async until(place: Placed | undefined): Promise<void> {
    if (this.admits(place)) return;
    const { clock, options } = this.parts;
    let waiting: Waiting | undefined;
    const known = new Promise<void>((go, fail) => {
      waiting = { place, bytes: 0, go, fail };
      this.#add(waiting);
    });
    if ((await inTime(clock, options.accessTimeoutMs, known)) !== LATE) return;
    this.#remove((one) => one === waiting);
    throw new CodedError('BUSY', { retryAfterMs: options.busyRetryAfterMs });
  }

  /** The follower of withdrawals has moved on, or found that nothing is behind it. */
  moved(): void {
    if (this.#waiting.length === 0) return;
    for (const one of this.#remove(({ place }) => place !== undefined && this.admits(place))) {
      safely('A batch that waited for a withdrawal', () => one.go())();
    }
    // A place that the log does not have: another life of it, or one that was lost.
    if (this.#access?.isSettled) this.#ask(this.#waiting);
  }

  #add(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#resized(waiting.bytes);
    if (waiting.place) this.#access?.reached(waiting.place);
    else this.#ask([waiting]);
  }

  #ask(waiting: readonly Waiting[]): void {
    if (waiting.length === 0) return;
    for (const one of waiting) one.place = undefined;
    if (!this.#isAsking) inBackground('The question for withdrawals', this.#asking());
  }

  /** One question at a time, and none is answered for those who came after it was put. Never rejects. */
  async #asking(): Promise<void> {
    this.#isAsking = true;
    for (;;) {
      const asked = new Set(this.#waiting.filter(({ place }) => !place));
      if (asked.size === 0) break;
      try {
        const head = await this.parts.head();
        for (const one of asked) one.place = head;
        if (this.admits(head)) this.moved();
        else this.#access?.reached(head);
      } catch (error) {
        for (const one of this.#remove((other) => asked.has(other))) one.fail(error);
      }
    }
    this.#isAsking = false;
  }

  #remove(isMeant: (waiting: Waiting) => boolean): readonly Waiting[] {
    const removed = this.#waiting.filter(isMeant);
    if (removed.length === 0) return removed;
    const gone = new Set(removed);
    this.#waiting = this.#waiting.filter((one) => !gone.has(one));
    this.#resized(-removed.reduce((sum, { bytes }) => sum + bytes, 0));
    return removed;
  }

  #resized(byBytes: number): void {
    if (byBytes === 0) return;
    this.#bytes += byBytes;
    this.parts.recorder.set(guardedBytes, {}, this.#bytes);
  }
}
