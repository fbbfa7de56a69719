import type { Flight } from '../contracts/desk.contract.js';
import { afterFailure } from './after-failure.js';

/** What the feed asks of the server. */
export interface Desk {
  record(flight: Flight): Promise<{ readonly recorded: 'now' | 'before' }>;
  resume(from: number | undefined): Promise<{ readonly next: number }>;
}

/** Time for the feed. */
export interface FeedClock {
  now(): number;
  /** Rejects with the reason of `signal` when that aborts first. */
  wait(delayMs: number, signal: AbortSignal): Promise<void>;
}

export interface FeedParts {
  readonly desk: Desk;
  readonly clock: FeedClock;
  readonly say: (line: string) => void;
  readonly flights: readonly Flight[];
  readonly rate: number;
  /** A day to begin with, and its first row; without it, where the feed stopped. */
  readonly from?: { readonly day: string; readonly row: number };
}

/** The server refused for good, so going on would leave a row out. */
export class FeedStopped extends Error {
  override readonly name = 'FeedStopped';
}

/**
 * Records one flight after the other, at an even pace. One command is in flight at a time: so departures of an airport
 * are recorded in their order, and the row after the last one is where to go on after whatever end the feed met.
 */
export class Feed {
  /** When the next command may leave. */
  #dueAt = 0;

  constructor(private readonly parts: FeedParts) {}

  /** Resolves at the end of the data. @throws FeedStopped, or the reason of `signal` */
  async run(signal: AbortSignal): Promise<void> {
    const { desk, flights, say, rate, from } = this.parts;
    const resume = async (at: number | undefined): Promise<Flight | undefined> =>
      flights[(await this.#until(() => desk.resume(at), signal)).next];
    let flight = await resume(from?.row);
    if (flight) say(`${rate} departures a second, from row ${flight.id} (${flight.departedAt.replace('T', ' ')})`);
    while (flight) {
      const current: Flight = flight;
      await this.#pace(signal);
      const { recorded } = await this.#until(() => desk.record(current), signal);
      // Rows that an earlier run recorded are passed over at once, not at the pace.
      flight = recorded === 'now' ? flights[current.id + 1] : await resume(current.id + 1);
    }
    // Only of what lies behind the beginning: rows before it may never have been recorded.
    say(
      `end of the data: no departure is left ${from ? `from ${from.day} on` : 'after the last one that was recorded'}`,
    );
  }

  /** Time that was lost, to a slow server or a lost connection, is not made up for by a burst. */
  async #pace(signal: AbortSignal): Promise<void> {
    const { clock, rate } = this.parts;
    const waitMs = this.#dueAt - clock.now();
    if (waitMs > 0) await clock.wait(waitMs, signal);
    this.#dueAt = Math.max(clock.now(), this.#dueAt) + 1_000 / rate;
  }

  async #until<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let failures = 1; ; failures++) {
      signal.throwIfAborted();
      try {
        return await ask();
      } catch (error) {
        signal.throwIfAborted();
        const step = afterFailure(error, failures);
        if (step.kind === 'give-up') throw new FeedStopped(step.reason, { cause: error });
        await this.parts.clock.wait(step.afterMs, signal);
      }
    }
  }
}
