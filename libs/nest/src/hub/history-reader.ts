import type { ChannelName, Position } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import { Gate } from '../core/gate.js';
import { groupBy } from '../core/group.js';
import { samePlace } from '../core/order-check.js';
import { pageOf, type PageLimits } from '../core/page.js';
import { inBackground } from '../core/safely.js';
import type { HistoryPage, StreamStore } from '../stream/stream-store.port.js';
import type { Recorder } from '../telemetry/recorder.js';
import { readsAnswered } from './hub.metrics.js';
import type { HubOptions } from './hub.options.js';
import { keyOf, partOf, planReads, type ReadRequest } from './read-plan.js';
import type { RecentEvents } from './recent-events.js';
import type { WithdrawalGuard } from './withdrawal-guard.js';

interface Waiting extends ReadRequest {
  resolve(page: HistoryPage): void;
  reject(error: unknown): void;
}

/**
 * Reads for subscribers. Requests of one channel go in rounds, as publishes do in a pass: whoever asks while a round
 * runs waits for the next. So requests share reads, and none is answered by a read that began before it was made, which
 * could miss an event that was emitted between the two.
 */
export class HistoryReader {
  readonly #waiting = new Map<ChannelName, Waiting[]>();
  readonly #gate: Gate;
  #asked = 0;

  constructor(
    private readonly store: StreamStore,
    private readonly recent: RecentEvents,
    private readonly recorder: Recorder,
    private readonly options: HubOptions,
    private readonly guard: Pick<WithdrawalGuard, 'until'>,
  ) {
    this.#gate = new Gate({ concurrency: options.readConcurrency, maxWaiting: Infinity, retryAfterMs: 0 });
  }

  /** @throws CodedError `BUSY` when too many wait already */
  async read(channel: ChannelName, request: ReadRequest): Promise<HistoryPage> {
    const known = this.#fromRecent(channel, request);
    if (known) return known;
    if (this.#asked >= this.options.maxWaitingReads) {
      this.recorder.count(readsAnswered, { source: 'refused' });
      throw new CodedError('BUSY', { retryAfterMs: this.options.busyRetryAfterMs });
    }
    this.#asked++;
    try {
      return await new Promise<HistoryPage>((resolve, reject) => this.#ask(channel, { ...request, resolve, reject }));
    } finally {
      this.#asked--;
    }
  }

  #ask(channel: ChannelName, request: Waiting): void {
    const waiting = this.#waiting.get(channel);
    if (waiting) {
      waiting.push(request);
      return;
    }
    this.#waiting.set(channel, [request]);
    inBackground('A read of the log', this.#rounds(channel));
  }

  async #rounds(channel: ChannelName): Promise<void> {
    for (;;) {
      const round = this.#waiting.get(channel) ?? [];
      if (round.length === 0) break;
      this.#waiting.set(channel, []);
      try {
        await this.#round(channel, round);
      } catch (error) {
        for (const request of round) request.reject(error);
      }
    }
    this.#waiting.delete(channel);
  }

  async #round(channel: ChannelName, round: readonly Waiting[]): Promise<void> {
    const open = round.filter((request) => {
      const known = this.#fromRecent(channel, request);
      if (known) request.resolve(known);
      return !known;
    });
    const { near, far } = planReads(open, this.options.repairMaxEvents);
    await Promise.all([this.#readNear(channel, near), this.#readFar(channel, far)]);
  }

  /** One read from the lowest place for all who are close behind the hub; those whom it does not cover read alone. */
  async #readNear(channel: ChannelName, near: readonly Waiting[]): Promise<void> {
    const after = near[0]?.after;
    if (!after) return;
    const { repairMaxEvents: maxEvents, repairMaxBytes: maxBytes } = this.options;
    const page = await this.#readLog(channel, after, { maxEvents, maxBytes }, near);
    if (!page) return;
    const last = near[0]?.last?.();
    if (page.outcome !== 'unrecoverable' && last) this.recent.offer(channel, after, page.events, last);
    const uncovered = near.filter((request) => {
      const part = partOf(page, after, request);
      if (part) request.resolve(part);
      return !part;
    });
    await this.#readFar(channel, uncovered);
  }

  async #readFar(channel: ChannelName, far: readonly Waiting[]): Promise<void> {
    const equal = groupBy(far, keyOf);
    await Promise.all(
      [...equal.values()].map(async (requests) => {
        const [first] = requests;
        if (!first) return;
        const page = await this.#readLog(channel, first.after, first.limits, requests);
        if (page) for (const request of requests) request.resolve(page);
      }),
    );
  }

  async #readLog(
    channel: ChannelName,
    after: Position | undefined,
    limits: PageLimits,
    askers: readonly Waiting[],
  ): Promise<HistoryPage | undefined> {
    this.recorder.count(readsAnswered, { source: 'log' });
    this.recorder.count(readsAnswered, { source: 'shared' }, askers.length - 1);
    try {
      return await this.#gate.run(async () => {
        const page = await this.store.history(channel, after, limits);
        await this.guard.until(page.access);
        return page;
      });
    } catch (error) {
      for (const asker of askers) asker.reject(error);
      return undefined;
    }
  }

  #fromRecent(channel: ChannelName, { after, limits, last: stand }: ReadRequest): HistoryPage | undefined {
    const last = stand?.();
    if (!after || !last) return undefined;
    const events = samePlace(after, last) ? [] : this.recent.between(channel, after, last);
    if (!events) return undefined;
    this.recorder.count(readsAnswered, { source: 'recent' });
    return { ...pageOf(after, events, limits), head: last };
  }
}
