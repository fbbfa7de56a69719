import type { ChannelName, Position } from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';
import type { FairGate, Leave } from '../core/fair-gate.js';
import { FairShare } from '../core/fair-share.js';
import { samePlace } from '../core/order-check.js';
import { pageOf, type PageLimits } from '../core/page.js';
import type { HistoryPage, StreamStore } from '../stream/stream-store.port.js';
import type { Recorder } from '../telemetry/recorder.js';
import { readsAnswered } from './hub.metrics.js';
import type { HubOptions } from './hub.options.js';
import { keyOf, partOf, planReads, type ReadRequest } from './read-plan.js';
import type { RecentEvents } from './recent-events.js';
import { SharedReads, type Begin } from './shared-reads.js';
import type { WithdrawalGuard } from './withdrawal-guard.js';

export interface HistoryReaderParts {
  readonly store: StreamStore;
  readonly recent: RecentEvents;
  /** For reads of the log. */
  readonly gate: FairGate;
  readonly recorder: Recorder;
  readonly options: HubOptions;
  readonly guard: Pick<WithdrawalGuard, 'until'>;
}

interface LogRead {
  readonly channel: ChannelName;
  readonly after: Position | undefined;
  readonly limits: PageLimits;
  readonly askers: readonly Waiting[];
  readonly leave: Leave;
}

interface Waiting extends ReadRequest {
  resolve(page: HistoryPage): void;
  reject(error: unknown): void;
}

/**
 * Reads for subscribers. Who asks for a page before its read has begun shares it. Those who are close behind the hub in
 * one channel share a read from the lowest of their places, one at a time, as publishes share a pass: who comes while it
 * runs waits for the next.
 */
export class HistoryReader {
  /** Those who wait for the next shared read of a channel while one runs. */
  readonly #waiting = new Map<ChannelName, Waiting[]>();
  readonly #shared: SharedReads<Waiting>;
  readonly #asked: FairShare;

  constructor(private readonly parts: HistoryReaderParts) {
    this.#shared = new SharedReads(parts.gate);
    this.#asked = new FairShare(parts.options.maxWaitingReads);
  }

  /** @throws CodedError `BUSY` when too many wait already, or too many of the asker's */
  async read(channel: ChannelName, request: ReadRequest): Promise<HistoryPage> {
    const known = this.#fromRecent(channel, request);
    if (known) return known;
    const { asker } = request;
    if (!this.#asked.take(asker)) {
      const { recorder, options } = this.parts;
      recorder.count(readsAnswered, { source: 'refused' });
      throw new CodedError('BUSY', { retryAfterMs: options.busyRetryAfterMs });
    }
    try {
      return await new Promise<HistoryPage>((resolve, reject) => this.#ask(channel, { ...request, resolve, reject }));
    } finally {
      this.#asked.leave(asker);
    }
  }

  #ask(channel: ChannelName, request: Waiting): void {
    const known = this.#fromRecent(channel, request);
    if (known) return request.resolve(known);
    const { near } = planReads([request], this.parts.options.repairMaxEvents);
    if (near.length === 0) return this.#askFar(channel, request);
    const waiting = this.#waiting.get(channel);
    if (waiting) waiting.push(request);
    else this.#share(`near ${channel}`, request, (askers, leave) => this.#nearRound(channel, askers, leave));
  }

  #askFar(channel: ChannelName, request: Waiting): void {
    this.#share(`${channel} ${keyOf(request)}`, request, async (askers, leave) => {
      const { after, limits } = request;
      const page = await this.#readLog({ channel, after, limits, askers, leave });
      if (page) for (const asker of askers) asker.resolve(page);
    });
  }

  #share(key: string, request: Waiting, begin: Begin<Waiting>): void {
    const answerAll: Begin<Waiting> = async (askers, leave) => {
      try {
        await begin(askers, leave);
      } catch (error) {
        for (const asker of askers) asker.reject(error);
      }
    };
    try {
      this.#shared.ask(key, request, answerAll);
    } catch (error) {
      request.reject(error);
    }
  }

  async #nearRound(channel: ChannelName, askers: readonly Waiting[], leave: Leave): Promise<void> {
    const next: Waiting[] = [];
    this.#waiting.set(channel, next);
    try {
      await this.#readNear(channel, askers, leave);
    } finally {
      this.#waiting.delete(channel);
      for (const request of next) this.#ask(channel, request);
    }
  }

  /** One read from the lowest place for all who are still close behind; those whom it does not cover read alone. */
  async #readNear(channel: ChannelName, askers: readonly Waiting[], leave: Leave): Promise<void> {
    const { options, recent } = this.parts;
    const open = askers.filter((request) => {
      const known = this.#fromRecent(channel, request);
      if (known) request.resolve(known);
      return !known;
    });
    const { near, far } = planReads(open, options.repairMaxEvents);
    for (const request of far) this.#askFar(channel, request);
    const after = near[0]?.after;
    if (!after) return;
    const limits = { maxEvents: options.repairMaxEvents, maxBytes: options.repairMaxBytes };
    const page = await this.#readLog({ channel, after, limits, askers: near, leave });
    if (!page) return;
    const last = near[0]?.last?.();
    if (page.outcome !== 'unrecoverable' && last) recent.offer(channel, after, page.events, last);
    for (const request of near) {
      const part = partOf(page, after, request);
      if (part) request.resolve(part);
      else this.#askFar(channel, request);
    }
  }

  /** The place in the gate is for the log's answer, not for the withdrawals that it may have to wait for. */
  async #readLog({ channel, after, limits, askers, leave }: LogRead): Promise<HistoryPage | undefined> {
    const { store, guard, recorder } = this.parts;
    recorder.count(readsAnswered, { source: 'log' });
    recorder.count(readsAnswered, { source: 'shared' }, askers.length - 1);
    try {
      const page = await store.history(channel, after, limits);
      leave();
      await guard.until(page.access);
      return page;
    } catch (error) {
      for (const asker of askers) asker.reject(error);
      return undefined;
    }
  }

  #fromRecent(channel: ChannelName, { after, limits, last: stand }: ReadRequest): HistoryPage | undefined {
    const { recent, recorder } = this.parts;
    const last = stand?.();
    if (!after || !last) return undefined;
    const events = samePlace(after, last) ? [] : recent.between(channel, after, last);
    if (!events) return undefined;
    recorder.count(readsAnswered, { source: 'recent' });
    return { ...pageOf(after, events, limits), head: last };
  }
}
