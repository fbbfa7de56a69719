import type { ChannelName, Position } from '@millrace/protocol';
import { backoffMs } from '../core/backoff.js';
import type { ByteAccount } from '../core/byte-account.js';
import type { Clock } from '../core/clock.js';
import type { FairGate } from '../core/fair-gate.js';
import { inTime } from '../core/in-time.js';
import type { OrderCheck } from '../core/order-check.js';
import type { Random } from '../core/random.js';
import { inBackground } from '../core/safely.js';
import type { EventBatch, Placed } from '../core/stream-event.js';
import type { Broker } from '../broker/broker.port.js';
import type { HistoryPage, StreamStore } from '../stream/stream-store.port.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { Audience } from './audience.port.js';
import { opening, type FollowEffect, type FollowInput, type FollowState } from './follow-state.js';
import { transition } from './follow-transition.js';
import { isMissing } from './held-batches.js';
import type { FrameQueue } from './frame-queue.js';
import { deliverSeconds, orderChecks, repairsFailed, roomsInterrupted } from './hub.metrics.js';
import type { HubOptions } from './hub.options.js';
import type { RecentEvents } from './recent-events.js';
import { roomOf } from './room.js';
import type { RoomEmitter } from './room-emitter.port.js';
import type { AccessFollower, WithdrawalGuard } from './withdrawal-guard.js';

export interface FollowerParts {
  readonly store: StreamStore;
  readonly broker: Broker;
  readonly emitter: RoomEmitter;
  readonly audience: Audience;
  readonly frames: FrameQueue;
  readonly recent: RecentEvents;
  /** Bounds how many holes are read at once; a follower has one read at a time. */
  readonly repairs: FairGate;
  /** Of all that waits in this process, what is behind holes included. */
  readonly account: ByteAccount;
  readonly checkOrder: OrderCheck;
  readonly clock: Clock;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly options: HubOptions;
  /** Absent for Millrace's own channels, of which sessions get nothing. */
  readonly guard?: Pick<WithdrawalGuard, 'until'>;
  /** Others wait for this channel: nothing of it waits for a tick or for a message that may still come. */
  readonly ahead?: {
    /** The follower has taken something. */
    readonly moved: () => void;
  };
}

interface Arrival {
  readonly place: Placed;
  arrived(): void;
}

/** Follows one channel for all of its local subscribers: the I/O around {@link transition}. */
export class ChannelFollower implements AccessFollower {
  #state: FollowState = opening;
  #interruptions = 0;
  /** Where the channel stood when the look into the log began whose digest comes next. */
  #mark: Position | undefined;
  #closed = false;
  #cancelTimer = (): void => {};
  #arrivals: readonly Arrival[] = [];

  constructor(
    readonly channel: ChannelName,
    private readonly parts: FollowerParts,
  ) {}

  /** The last event that was handed to the room, or is about to be in this tick. */
  get last(): Position | undefined {
    return this.#state.kind === 'opening' ? undefined : this.#state.last;
  }

  get isSettled(): boolean {
    return this.#state.kind === 'following';
  }

  /** Grows whenever all subscribers have to subscribe again. */
  get interruptions(): number {
    return this.#interruptions;
  }

  /**
   * Resolves when every event behind `last` will be emitted. The broker is subscribed BEFORE the head is read:
   *
   *     broker:  subscribed ──────┬─ batches from here on are held ───────────▶
   *     log:                      └▶ head read ─▶ last = head ─▶ held ones follow on it
   *
   * An event numbered before the subscription took effect is in the head, one numbered after it is held or follows.
   * A broker that does not answer is not waited for: the log digest finds what it does not bring.
   */
  async open(readHead: () => Promise<Position>): Promise<void> {
    await this.#brokerOrTimeout();
    const head = await readHead();
    this.take({ kind: 'opened', head });
  }

  /** A look into the log begins. */
  mark(): void {
    this.#mark = this.last;
  }

  /**
   * The look found the channel at `position`. Below the mark the log is another one: a failover lost its newest events
   * before any look had seen them, so that nothing but their offsets, given away again, shows it.
   */
  see(position: Position): void {
    const isBelow = this.#mark?.epoch === position.epoch && position.offset < this.#mark.offset;
    this.take(isBelow ? { kind: 'rewound' } : { kind: 'seen', position });
  }

  reached(position: Placed): void {
    this.take({ kind: 'seen', position });
  }

  /** Something of what was emitted did not reach the room: its subscribers find it in the log. */
  failed(): void {
    this.#interrupt('failed');
    this.parts.audience.lagging(this.channel);
  }

  /** Calls `arrived` when everything up to `place` has left for the room; the answer gives that up. */
  comeTo(place: Placed, arrived: () => void): () => void {
    const arrival: Arrival = { place, arrived };
    this.#arrivals = [...this.#arrivals, arrival];
    this.reached(place);
    return () => {
      this.#arrivals = this.#arrivals.filter((one) => one !== arrival);
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.parts.account.add('holes', -heldBytesOf(this.#state));
    this.#cancelTimer();
    this.parts.frames.flush(this.channel);
    this.parts.recent.drop(this.channel);
    this.parts.broker.unsubscribe(this.channel);
  }

  take(input: FollowInput): void {
    if (this.#closed) return;
    const { account, options, checkOrder } = this.parts;
    const heldBytes = heldBytesOf(this.#state);
    const maxHeldBytes = Math.min(options.maxHeldBytes, heldBytes + account.room('holes'));
    const { state, effects } = transition(this.#state, input, { channel: this.channel, maxHeldBytes, checkOrder });
    this.#state = state;
    account.add('holes', heldBytesOf(state) - heldBytes);
    if (state.kind !== 'holding') this.#cancelTimer();
    for (const effect of effects) this.#do(effect);
    if (this.#arrivals.length > 0) this.#arrive();
    this.parts.ahead?.moved();
  }

  #arrive(): void {
    const { last } = this;
    const there = this.#arrivals.filter(({ place }) => last !== undefined && !isMissing(last, place));
    if (there.length === 0) return;
    this.#arrivals = this.#arrivals.filter((one) => !there.includes(one));
    this.parts.frames.flush(this.channel);
    for (const one of there) one.arrived();
  }

  #do(effect: FollowEffect): void {
    switch (effect.kind) {
      case 'emit':
        return this.#emit(effect.batch);
      case 'hold':
        this.#cancelTimer();
        this.#cancelTimer = this.parts.clock.after(this.#holdMs(effect.attempt), () => this.take({ kind: 'elapsed' }));
        return;
      case 'read':
        inBackground('The read of a hole', this.#read(effect.after));
        return;
      case 'lagging':
        this.#interrupt('lagging');
        return this.parts.audience.lagging(this.channel);
      case 'discontinuity':
        this.#interrupt(effect.reason);
        return this.parts.emitter.control(roomOf(this.channel), {
          kind: 'discontinuity',
          channel: this.channel,
          reason: effect.reason,
        });
      case 'count':
        return this.parts.recorder.count(orderChecks, { result: effect.what });
    }
  }

  #emit(batch: EventBatch): void {
    this.parts.frames.add(batch);
    this.parts.recent.append(batch);
    if (this.parts.ahead) this.parts.frames.flush(this.channel);
    const waitedMs = this.parts.clock.now() - (batch.events[0]?.time ?? 0);
    this.parts.recorder.observe(deliverSeconds, {}, Math.max(0, waitedMs) / 1000);
  }

  /** What was emitted before goes out before the news. */
  #interrupt(reason: (typeof roomsInterrupted.labels.reason)[number]): void {
    this.#interruptions++;
    this.parts.frames.flush(this.channel);
    this.parts.recent.drop(this.channel);
    this.parts.recorder.count(roomsInterrupted, { reason });
  }

  async #read(after: Position): Promise<void> {
    try {
      const page = await this.parts.repairs.run(this.channel, () => this.#page(after));
      this.take({ kind: 'page', page });
    } catch {
      this.parts.recorder.count(repairsFailed, {});
      this.take({ kind: 'failed' });
    }
  }

  async #page(after: Position): Promise<HistoryPage> {
    const { repairMaxEvents: maxEvents, repairMaxBytes: maxBytes } = this.parts.options;
    const page = await this.parts.store.history(this.channel, after, { maxEvents, maxBytes });
    await this.parts.guard?.until(page.access);
    return page;
  }

  #holdMs(attempt: number): number {
    const { holdMs, repairRetryMaxMs, digestIntervalMs } = this.parts.options;
    const isAhead = this.parts.ahead !== undefined;
    if (attempt === 0) return isAhead ? 0 : holdMs;
    const maxMs = isAhead ? Math.min(repairRetryMaxMs, digestIntervalMs) : repairRetryMaxMs;
    return backoffMs(attempt, this.parts.random(), { firstMs: holdMs, maxMs });
  }

  async #brokerOrTimeout(): Promise<void> {
    const { broker, clock, options } = this.parts;
    const subscribed = broker.subscribe(this.channel).catch(() => {});
    await inTime(clock, options.brokerTimeoutMs, subscribed);
  }
}

const heldBytesOf = (state: FollowState): number => ('held' in state ? state.held.bytes : 0);
