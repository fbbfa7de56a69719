import type { EventsFrame } from '@millrace/protocol';
import { backoffMs, type Backoff } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import { Deadline } from '../../core/deadline.js';
import { inTime, LATE } from '../../core/in-time.js';
import { inBackground } from '../../core/safely.js';
import type { Random } from '../../core/random.js';
import type { Recorder } from '../../telemetry/recorder.js';
import { canarySeconds } from '../health.metrics.js';
import type { HealthOptions } from '../health.options.js';
import { canaryChannelName } from './canary-channel.js';

/** The way of an event through this node, up to its commit. */
export interface CanaryPath {
  /** Resolves when the event is committed, rejects when it is not. `staged` hears its id before that. */
  commit(staged: (id: string) => void, deadline: Deadline): Promise<void>;
}

export interface DeliveryCanaryParts {
  readonly node: string;
  readonly path: CanaryPath;
  readonly clock: Clock;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly options: HealthOptions;
}

/** How delivery is, as far as the last canary tells. Moments are monotonic. */
export type Delivery =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'works'; readonly sentAt: number; readonly tookMs: number }
  /** `since`: when the first canary was sent that was not delivered. */
  | { readonly kind: 'broken'; readonly since: number; readonly reason: string };

type Outcome = 'delivered' | 'uncommitted' | 'unseen';

interface Flight {
  readonly sentAt: number;
  /** Known in time. Never rejects. */
  readonly outcome: Promise<{ readonly kind: Outcome; readonly reason: string }>;
  /** The transaction has ended, which may be much later. Never rejects. */
  readonly ended: Promise<void>;
}

/** While delivery is broken: soon again, because a node that works again should be ready again. */
const RETRY: Backoff = { firstMs: 500, maxMs: 1_000 };

/**
 * Sends an event the way that users' events go, again and again, and waits until this node emits it:
 *
 * ```
 * transaction ─ stage ─ commit ─▶ pass ─▶ broker ─▶ hub ─▶ emitter
 *  the pool of the handlers                                  └─ seen here
 * ```
 *
 * One at a time: while a transaction waits for a connection that is never given back, no second one gets in line.
 */
export class DeliveryCanary {
  readonly #channel: string;
  #state: Delivery = { kind: 'unknown' };
  #failures = 0;
  #awaited: string | undefined;
  #seen = (): void => {};
  #cancel = (): void => {};
  #isStopped = false;

  constructor(private readonly parts: DeliveryCanaryParts) {
    this.#channel = canaryChannelName(parts.node);
  }

  get delivery(): Delivery {
    return this.#state;
  }

  /** Resolves when the first canary was delivered, or is known not to be: a node that starts knows how it is. */
  async start(): Promise<void> {
    await this.#round();
  }

  /** For good. Does not wait for a transaction that hangs: the database is stopped after this. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** The emitter handed this frame to the sockets of its room. */
  emitted({ channel, events }: EventsFrame): void {
    if (channel === this.#channel && events.some(({ id }) => id === this.#awaited)) this.#seen();
  }

  async #round(): Promise<void> {
    const { clock, recorder } = this.parts;
    const { sentAt, outcome, ended } = this.#send();
    const { kind, reason } = await outcome;
    this.#awaited = undefined;
    const tookMs = clock.monotonic() - sentAt;
    recorder.observe(canarySeconds, { outcome: kind }, tookMs / 1_000);
    this.#failures = kind === 'delivered' ? 0 : this.#failures + 1;
    const since = this.#state.kind === 'broken' ? this.#state.since : sentAt;
    this.#state = kind === 'delivered' ? { kind: 'works', sentAt, tookMs } : { kind: 'broken', since, reason };
    inBackground(
      'The canary',
      ended.then(() => this.#schedule()),
    );
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const { clock, random, options } = this.parts;
    // Never longer than the interval, which bounds how late a fault is noticed.
    const delayMs =
      this.#failures > 0
        ? backoffMs(this.#failures, random(), RETRY)
        : options.canaryIntervalMs * (0.75 + random() / 4);
    this.#cancel = clock.after(delayMs, () => this.#round());
  }

  #send(): Flight {
    const { clock, path, options } = this.parts;
    const sentAt = clock.monotonic();
    const seen = new Promise<void>((resolve) => (this.#seen = resolve));
    const deadline = new Deadline(options.canaryTimeoutMs);
    const cancel = clock.after(options.canaryTimeoutMs, () => deadline.pass(new Error('it did not end in time')));
    const progress: { stage: 'transaction' | 'delivery' } = { stage: 'transaction' };
    const committed = path
      .commit((id) => (this.#awaited = id), deadline)
      .then(() => void (progress.stage = 'delivery'));
    const outcome = inTime(
      clock,
      options.canaryTimeoutMs,
      committed.then(() => seen),
    ).then(
      (value) => (value === LATE ? this.#late(progress.stage) : { kind: 'delivered' as const, reason: '' }),
      (error: unknown) => ({ kind: 'uncommitted' as const, reason: uncommitted(rootOf(error)) }),
    );
    return { sentAt, outcome, ended: committed.catch(() => {}).finally(cancel) };
  }

  #late(stage: 'transaction' | 'delivery'): { readonly kind: Outcome; readonly reason: string } {
    const { canaryTimeoutMs } = this.parts.options;
    if (stage === 'transaction')
      return { kind: 'uncommitted', reason: uncommitted(`it took longer than ${canaryTimeoutMs} ms`) };
    const reason = `an event that was committed on this node was not emitted here within ${canaryTimeoutMs} ms`;
    return { kind: 'unseen', reason };
  }
}

const uncommitted = (why: string): string => `a transaction like those of commands fails on this node: ${why}`;

/** What a coded error says is for clients; what the driver said is in its cause. */
function rootOf(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root instanceof Error ? root.message : String(root);
}
