import type { Clock } from './clock.js';

/** One reading of the database's clock, somewhere between the two monotonic moments. */
export interface ClockSample {
  readonly databaseMs: number;
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** The database's time minus monotonic time lies between the two. */
interface Offset {
  readonly low: number;
  readonly high: number;
}

/** What is moved by less was not set: two quartzes drift apart by seconds in a day. */
const STEP_MS = 1_000;

/**
 * The clock of the database as this process knows it: `now()` is its time, derived from monotonic time, so that it stays
 * right while the wall clock of the host is wrong or stepped. Each round trip that brings the database's time narrows the
 * error, which is at most half of the fastest one. Before the first it is the wall clock.
 */
export class DatabaseClock implements Clock {
  #offset: Offset | undefined;
  /** Wall time minus monotonic time at the last sample. */
  #wallOffset = 0;
  #databaseStepMs = 0;

  constructor(private readonly host: Clock) {}

  now(): number {
    return this.#offset ? this.host.monotonic() + middle(this.#offset) : this.host.now();
  }

  monotonic(): number {
    return this.host.monotonic();
  }

  after(delayMs: number, task: () => unknown): () => void {
    return this.host.after(delayMs, task);
  }

  learn({ databaseMs, sentAt, receivedAt }: ClockSample): void {
    const sample = { low: databaseMs - receivedAt, high: databaseMs - sentAt };
    const before = this.#offset;
    const wallOffset = this.host.now() - this.host.monotonic();
    const both = before && { low: Math.max(before.low, sample.low), high: Math.min(before.high, sample.high) };
    if (both && both.low <= both.high) this.#offset = both;
    else {
      this.#offset = sample;
      if (before)
        this.#noteStep(sample.low > before.high ? sample.low - before.high : sample.high - before.low, wallOffset);
    }
    this.#wallOffset = wallOffset;
  }

  /**
   * How far the wall clock of this host is ahead of the database's, in ms, at this moment; what is within the error of the
   * measurement does not count. `undefined` before the first sample.
   */
  get skewMs(): number | undefined {
    if (!this.#offset) return undefined;
    const skewMs = this.host.now() - this.now();
    const errorMs = (this.#offset.high - this.#offset.low) / 2;
    // `+ 0`, or it would be -0 on a host that is a little behind.
    return Math.sign(skewMs) * Math.max(0, Math.abs(skewMs) - errorMs) + 0;
  }

  /**
   * How far the database's clock was set while this process ran, in ms: what of the skew is not the fault of this host.
   * Another server of the database, after a failover, counts like the same one with another clock.
   */
  get databaseStepMs(): number {
    return this.#databaseStepMs;
  }

  /** Where both clocks jumped alike, monotonic time stood still: this host was suspended. */
  #noteStep(stepMs: number, wallOffset: number): void {
    const wallStepMs = wallOffset - this.#wallOffset;
    if (Math.abs(stepMs) > STEP_MS && Math.abs(stepMs - wallStepMs) > STEP_MS) this.#databaseStepMs += stepMs;
  }
}

const middle = ({ low, high }: Offset): number => (low + high) / 2;
