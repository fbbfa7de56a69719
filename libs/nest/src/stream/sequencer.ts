import { AsyncResource } from 'node:async_hooks';
import { backoffMs, type Backoff } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { ByteAccount } from '../core/byte-account.js';
import { CodedError } from '../core/coded-error.js';
import { logError } from '../core/log-error.js';
import { inBackground } from '../core/safely.js';
import { systemRandom, type Random } from '../core/random.js';
import type { EventBatch, NewEvent, Placed } from '../core/stream-event.js';
import type { Recorder } from '../telemetry/recorder.js';
import { PublishQueue, type WaitingPublish } from './publish-queue.js';
import { SeekList } from './seek-list.js';
import { unavailable } from './stream-errors.js';
import { passes, passSeconds, publishesRefused, publishesWaiting } from './stream.metrics.js';
import type { StreamOptions } from './stream.options.js';
import type { PassResult, StreamStore } from './stream-store.port.js';
import { CrowdLogger } from '../core/log/crowd-logger.js';

export interface SequencerParts {
  readonly store: Pick<StreamStore, 'pass'>;
  readonly options: StreamOptions;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Of all that waits in this process. @defaultValue one of its own */
  readonly account?: ByteAccount;
  /** 0 to 1, for the jitter of the poll and of retries. */
  readonly random?: Random;
}

export type BatchListener = (batches: readonly EventBatch[]) => void;

type State = 'new' | 'running' | 'stopping' | 'stopped';

const RETRY: Backoff = { firstMs: 20, maxMs: 1_000 };

/**
 * Runs this node's passes, one at a time. Whatever arrives during a pass goes into the next one, so that the more there
 * is to do, the more is done at once. A kick is a hint; the poll finds what nobody announced.
 */
export class Sequencer {
  readonly #queue: PublishQueue;
  readonly #listeners = new Set<BatchListener>();
  readonly #logger = new CrowdLogger();
  readonly #seeking: SeekList;
  /** Passes belong to nobody's request: they run in the context in which the sequencer was made. */
  readonly #context = new AsyncResource('MillraceSequencer');
  #state: State = 'new';
  #kicked = false;
  #running: Promise<void> | undefined;
  #failures = 0;
  #lastAnswerAt: number | undefined;
  #lastPassAt: number | undefined;
  #cancelPoll = (): void => {};
  #cancelLook: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(private readonly parts: SequencerParts) {
    this.#queue = new PublishQueue(parts.account ?? new ByteAccount(parts.options.maxBufferedBytes));
    this.#seeking = new SeekList(parts.options.seekTimeoutMs);
  }

  /** When the database last answered a pass or a poll of this node, whoever had the lock, on the monotonic clock of this process. */
  get lastAnswerAt(): number | undefined {
    return this.#lastAnswerAt;
  }

  /** When this node last had the lock, on the monotonic clock of this process. */
  get lastPassAt(): number | undefined {
    return this.#lastPassAt;
  }

  start(): void {
    this.#state = 'running';
    this.#schedulePoll();
    this.kick();
  }

  /** Numbers what waits, unless the database does not answer; then fails it. Afterwards nothing is in flight. */
  async stop(): Promise<void> {
    if (this.#state === 'running') this.#state = 'stopping';
    this.#cancelPoll();
    this.#cancelLook?.();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    while (this.#queue.size > 0 || this.#running) await (this.#running ?? this.#begin('wait'));
    this.#state = 'stopped';
  }

  /**
   * Stores one event outside any transaction; resolves when it has its offset.
   *
   * @throws CodedError OVERLOADED, EVENT_INVALID, or STREAM_UNAVAILABLE with `outcome: 'unknown'`
   */
  publish(event: NewEvent): Promise<Placed> {
    if (this.#state !== 'running') return Promise.reject(this.#refusal('stopped', new CodedError('DRAINING')));
    if (this.#queue.size >= this.parts.options.maxWaitingPublishes || !this.#queue.hasRoom(event)) {
      return Promise.reject(this.#refusal('overloaded', new CodedError('OVERLOADED')));
    }
    return new Promise((resolve, reject) => {
      this.#queue.add({ event, since: this.parts.clock.monotonic(), resolve, reject });
      this.kick();
    });
  }

  /** Staged events were committed: number them soon. */
  kick(): void {
    this.#kicked = true;
    // While the database does not answer, hints do not hurry the retry.
    if (this.#state === 'running' && !this.#running && !this.#cancelRetry)
      inBackground('The sequencer', this.#begin('wait'));
  }

  /** These events were staged in transactions whose end this node cannot see. */
  seek(ids: readonly string[]): void {
    this.#seeking.add(ids, this.parts.clock.monotonic());
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    this.#scheduleLook();
  }

  /** `listener` gets the events that this node numbered, after their publishers were answered. */
  onBatches(listener: BatchListener): void {
    this.#listeners.add(listener);
  }

  #begin(mode: 'wait' | 'try'): Promise<void> {
    const running = this.#context
      .runInAsyncScope(() => this.#run(mode))
      .catch((error: unknown) => {
        logError(this.#logger, 'The sequencer failed', error);
      });
    this.#running = running;
    return running;
  }

  async #run(mode: 'wait' | 'try'): Promise<void> {
    // Publishes of the same turn of the event loop go into one pass.
    await Promise.resolve();
    try {
      let again = true;
      for (let next = mode; again; next = 'wait') {
        this.#kicked = false;
        again = (await this.#pass(next)) || this.#kicked;
      }
    } finally {
      // Whatever failed: a node that takes itself to be in a pass for ever numbers nothing any more.
      this.#running = undefined;
    }
  }

  /** Whether another pass has to follow at once. */
  async #pass(mode: 'wait' | 'try'): Promise<boolean> {
    const { store, options, clock, recorder } = this.parts;
    const taken = this.#queue.front({ maxEvents: options.passMaxEvents, maxBytes: options.passMaxBytes });
    const startedAt = clock.monotonic();
    try {
      const events = taken.map(({ event }) => event);
      const result = await store.pass(events, taken.length > 0 ? 'wait' : mode);
      recorder.count(passes, { outcome: result.ran ? 'ran' : 'busy' });
      if (result.ran) recorder.observe(passSeconds, {}, (clock.monotonic() - startedAt) / 1000);
      this.#lastAnswerAt = clock.monotonic();
      if (result.ran) this.#lastPassAt = this.#lastAnswerAt;
      this.#failures = 0;
      this.#answer(taken, result);
      this.#hand(result.batches);
      return result.more || this.#queue.size > 0;
    } catch (error) {
      recorder.count(passes, { outcome: 'failed' });
      this.#failed(error);
      return false;
    } finally {
      recorder.set(publishesWaiting, {}, this.#queue.size);
    }
  }

  #answer(taken: readonly WaitingPublish[], { direct }: PassResult): void {
    const answered = new Set<WaitingPublish>();
    for (const [index, publish] of taken.entries()) {
      const result = direct[index];
      if (!result || result.kind === 'waiting') continue;
      answered.add(publish);
      if (result.kind === 'failed') publish.reject(this.#refusal('invalid', result.error));
      else publish.resolve({ id: result.id, epoch: result.epoch, offset: result.offset });
    }
    this.#queue.remove(answered);
  }

  #hand(batches: readonly EventBatch[]): void {
    if (batches.length === 0) return;
    for (const { events } of batches) for (const { id } of events) this.#seeking.found(id);
    for (const listener of this.#listeners) {
      try {
        listener(batches);
      } catch (error) {
        logError(this.#logger, 'A listener of the sequencer failed', error);
      }
    }
  }

  /** Nobody knows whether the pass was committed: what it carried is tried again with the same ids. */
  #failed(error: unknown): void {
    const { clock, options, random = systemRandom } = this.parts;
    if (this.#failures++ === 0) logError(this.#logger, 'A sequencing pass failed and is tried again', error);
    const stopping = this.#state !== 'running';
    const lost = stopping ? this.#queue.takeAll() : this.#queue.takeOlder(clock.monotonic() - options.publishTimeoutMs);
    for (const publish of lost) {
      publish.reject(this.#refusal('unavailable', unavailable(error, 'unknown')));
    }
    this.#kicked = false;
    if (stopping) return;
    this.#cancelRetry = clock.after(backoffMs(this.#failures, random(), RETRY), () => {
      this.#cancelRetry = undefined;
      this.kick();
    });
  }

  #schedulePoll(): void {
    const { clock, options, random = systemRandom } = this.parts;
    // Jitter, or nodes that started together compete for the lock for ever.
    this.#cancelPoll = clock.after(options.pollIntervalMs * (0.75 + random() / 2), () => {
      if (!this.#running && !this.#cancelRetry) inBackground('The sequencer', this.#begin('try'));
      this.#schedulePoll();
    });
  }

  #scheduleLook(): void {
    if (this.#cancelLook || this.#state !== 'running') return;
    const delayMs = this.#seeking.nextDelay(this.parts.clock.monotonic());
    if (delayMs === undefined) return;
    this.#cancelLook = this.parts.clock.after(delayMs, () => {
      this.#cancelLook = undefined;
      this.kick();
      this.#scheduleLook();
    });
  }

  #refusal(reason: 'overloaded' | 'invalid' | 'unavailable' | 'stopped', error: Error): Error {
    this.parts.recorder.count(publishesRefused, { reason });
    return error;
  }
}
