import { backoffMs, type Backoff } from '../../core/backoff.js';
import { BootError } from '../../core/boot-error.js';
import type { Clock } from '../../core/clock.js';
import { inTime, LATE } from '../../core/in-time.js';
import type { Random } from '../../core/random.js';
import { bootErrorOf, isPassing, reasonOf } from './boot-failure.js';
import { LineLogger } from '../../core/log/line-logger.js';

export interface DatabaseWaitParts {
  /** For how long, in all; 0 where waiting makes no sense. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

const RETRY: Backoff = { firstMs: 100, maxMs: 2_000 };
/** A connection on which nothing comes back says nothing for a quarter of an hour. */
const STEP_TIMEOUT_MS = 30_000;
const SAY_AGAIN_MS = 10_000;
const HALTED: unique symbol = Symbol('halted');

/**
 * Waits at the start of a process for a database that is away, so that a deploy in the middle of a failover is no crash
 * loop. Each step of the start is tried again until it succeeds, so it must be one that can be repeated.
 */
export class DatabaseWait {
  readonly #logger = new LineLogger();
  #deadline: number | undefined;
  #saidAt: number | undefined;
  #isHalted = false;
  #haltNow = (): void => {};
  readonly #halting = new Promise<void>((resolve) => (this.#haltNow = resolve));
  #endNow = (): void => {};
  readonly #ending = new Promise<void>((resolve) => (this.#endNow = resolve));

  constructor(private readonly parts: DatabaseWaitParts) {}

  /** @throws BootError for what no waiting mends, and after the time */
  async until<T>(step: () => Promise<T>): Promise<T> {
    const since = this.parts.clock.monotonic();
    this.#deadline ??= since + this.parts.timeoutMs;
    // Timers of the clock keep no process alive, and during the start there may be nothing else that does.
    const keepAlive = setInterval(() => {}, SAY_AGAIN_MS);
    try {
      for (let failures = 0; ; failures++) {
        const outcome = await this.#attempt(step);
        if ('value' in outcome) {
          this.#there(since);
          return outcome.value;
        }
        await this.#pause(outcome.error, failures);
      }
    } finally {
      clearInterval(keepAlive);
    }
  }

  /** The process stops: nothing is tried any more. What waits hears of it at the {@link end}. */
  halt(): void {
    this.#isHalted = true;
    this.#haltNow();
  }

  /** Everything is closed: what still waits fails now, and with it the start of the application. */
  end(): void {
    this.halt();
    this.#endNow();
  }

  async #attempt<T>(step: () => Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
    if (this.#isHalted) return { error: HALTED };
    const halted = this.#halting.then((): typeof HALTED => HALTED);
    try {
      const done = step().then((value) => ({ value }));
      const outcome = await inTime(this.parts.clock, STEP_TIMEOUT_MS, Promise.race([done, halted]));
      if (outcome === HALTED) return { error: HALTED };
      if (outcome === LATE) return { error: new Error(`no answer within ${STEP_TIMEOUT_MS / 1_000} s`) };
      return outcome;
    } catch (error) {
      return { error };
    }
  }

  async #pause(error: unknown, failures: number): Promise<void> {
    await this.#untilEnded();
    const { clock, random, timeoutMs } = this.parts;
    if (!isPassing(error)) throw bootErrorOf(error);
    const leftMs = (this.#deadline ?? 0) - clock.monotonic();
    if (leftMs <= 0) throw timedOut(error, timeoutMs);
    this.#say(error, leftMs);
    await inTime(clock, Math.min(leftMs, backoffMs(failures, random(), RETRY)), this.#halting);
  }

  async #untilEnded(): Promise<void> {
    if (!this.#isHalted) return;
    await this.#ending;
    throw new BootError('The application was stopped while it waited for the database');
  }

  #say(error: unknown, leftMs: number): void {
    const now = this.parts.clock.monotonic();
    if (this.#saidAt !== undefined && now - this.#saidAt < SAY_AGAIN_MS) return;
    this.#saidAt = now;
    const seconds = Math.ceil(leftMs / 1_000);
    this.#logger.warn(`Waiting for the database (${reasonOf(error)}): the start is tried again for up to ${seconds} s`);
  }

  #there(since: number): void {
    if (this.#saidAt === undefined) return;
    this.#saidAt = undefined;
    const waitedMs = this.parts.clock.monotonic() - since;
    this.#logger.log(`The database is there after ${Math.round(waitedMs / 1_000)} s: the start continues`);
  }
}

function timedOut(error: unknown, timeoutMs: number): BootError {
  const text =
    `The database of the stream cannot be used: it was not there within ${timeoutMs / 1_000} s of the start ` +
    `(${reasonOf(error)}). Is it running, and can it be reached from here at the address in \`postgres\`?`;
  return new BootError(text, { cause: error });
}
