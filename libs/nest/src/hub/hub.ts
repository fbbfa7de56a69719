import type { ChannelName, Position } from '@millrace/protocol';
import { ByteAccount } from '../core/byte-account.js';
import { CodedError } from '../core/coded-error.js';
import { FairGate } from '../core/fair-gate.js';
import type { ShareKey } from '../core/fair-share.js';
import { inTime, LATE } from '../core/in-time.js';
import { ACCESS_CHANNEL, isOwnChannel } from '../core/own-channels.js';
import type { PageLimits } from '../core/page.js';
import type { EventBatch, LiveEvent } from '../core/stream-event.js';
import { safely } from '../core/safely.js';
import { nextTick, type Tick } from '../core/tick.js';
import { checkOrder, type OrderCheck } from '../core/order-check.js';
import type { LiveSink } from '../stream/live-sink.port.js';
import type { HistoryPage, LogDigest } from '../stream/stream-store.port.js';
import { gateWatch } from '../telemetry/gate.metrics.js';
import { ChannelFollower, type FollowerParts } from './channel-follower.js';
import { FrameQueue } from './frame-queue.js';
import { HistoryReader } from './history-reader.js';
import { channelsFollowed } from './hub.metrics.js';
import { LogWatch } from './log-watch.js';
import { RecentEvents } from './recent-events.js';
import { SharedHead } from './shared-head.js';
import { WithdrawalGuard } from './withdrawal-guard.js';

export interface HubParts extends Pick<
  FollowerParts,
  'store' | 'broker' | 'emitter' | 'audience' | 'clock' | 'random' | 'recorder' | 'options'
> {
  /** Of all that waits in this process. @defaultValue one without a bound */
  readonly account?: ByteAccount;
  /** @defaultValue `setImmediate` */
  readonly tick?: Tick;
  /** A seam for tests. @defaultValue {@link checkOrder} */
  readonly checkOrder?: OrderCheck;
}

interface Followed {
  /** The read of its head, until that has ended. */
  readonly head: SharedHead;
  readonly follower: ChannelFollower;
  readonly opened: Promise<void>;
  subscribers: number;
  stopLinger: () => void;
}

/** What somebody wants to read, and whom the read counts against; left out, it counts by itself. */
export interface PageRequest<After = Position | undefined> {
  readonly after: After;
  readonly limits: PageLimits;
  readonly asker?: ShareKey;
}

/** A channel's state for one who has just joined its room. */
export interface Standing {
  readonly last: Position;
  readonly interruptions: number;
}

/** Which channels this node follows, and the only place that emits events. */
export class Hub implements LiveSink {
  readonly #parts: FollowerParts;
  readonly #reader: HistoryReader;
  readonly #watch: LogWatch;
  readonly #guard: WithdrawalGuard;
  /** For reads of the log that somebody waits for: pages and heads. */
  readonly #reads: FairGate;
  readonly #followed = new Map<ChannelName, Followed>();
  /** Channels without a subscriber, the longest idle first. */
  readonly #lingering = new Set<ChannelName>();

  constructor(parts: HubParts) {
    const { store, clock, recorder, options, emitter } = parts;
    const recent = new RecentEvents(clock, recorder, options);
    this.#parts = {
      ...parts,
      account: parts.account ?? new ByteAccount(Infinity),
      recent,
      checkOrder: parts.checkOrder ?? checkOrder,
      frames: new FrameQueue(emitter, parts.tick ?? nextTick, recorder, options.frameMaxBytes, (channel) =>
        this.#followed.get(channel)?.follower.failed(),
      ),
      repairs: repairGate(options.repairConcurrency),
    };
    const head = (): Promise<Position> => store.head(ACCESS_CHANNEL as ChannelName);
    this.#guard = new WithdrawalGuard({ head, clock, recorder, options });
    const { readConcurrency: concurrency, maxWaitingReads: maxWaiting, busyRetryAfterMs } = options;
    const bounds = { concurrency, maxWaiting, retryAfterMs: busyRetryAfterMs };
    this.#reads = new FairGate(bounds, gateWatch(recorder, 'read'));
    this.#reader = new HistoryReader({ store, recent, gate: this.#reads, recorder, options, guard: this.#guard });
    this.#watch = new LogWatch(store, clock, recorder, options.digestIntervalMs);
  }

  /** When this node last saw in the log what the broker may have lost. */
  get lastLookAt(): number | undefined {
    return this.#watch.lastLookAt;
  }

  get lookIntervalMs(): number {
    return this.#watch.intervalMs;
  }

  async start(): Promise<void> {
    await this.#parts.broker.start((batch) => this.onBatch(batch));
    await this.#watch.start({
      begun: () => {
        for (const { follower } of this.#followed.values()) follower.mark();
      },
      found: (digest) => this.#onDigest(digest),
    });
  }

  async stop(): Promise<void> {
    await this.#watch.stop();
    for (const channel of this.#followed.keys()) this.#close(channel);
    await this.#parts.broker.stop();
  }

  /**
   * Resolves when every later event of `channel` will be emitted to its room; from then on until {@link detach} the
   * channel is followed. A rejected call holds nothing.
   *
   * @param asker whom the read of the head counts against, which the first subscriber needs
   * @throws CodedError `BUSY` when too many reads wait already, or too many of the asker's
   */
  attach(channel: ChannelName, asker: ShareKey = Symbol(channel)): Promise<void> {
    return this.#attach(channel, this.#parts, asker);
  }

  /**
   * The same for a channel of Millrace's own that others wait for. Its holes do not stand in line behind those of all
   * others and are read at once, and its events leave at once. From the call on, no event of other channels leaves
   * before the withdrawals that were numbered before it, if it is the channel of those.
   */
  attachAhead(channel: ChannelName): Promise<void> {
    const moved = channel === ACCESS_CHANNEL ? () => this.#guard.moved() : () => {};
    return this.#attach(channel, { ...this.#parts, repairs: repairGate(1), ahead: { moved } }, Symbol(channel));
  }

  /** The last subscriber leaves: the channel is followed a little longer, since most who leave come back. */
  detach(channel: ChannelName): void {
    const followed = this.#followed.get(channel);
    if (!followed || --followed.subscribers > 0) return;
    const cancel = this.#parts.clock.after(this.#parts.options.lingerMs, () => this.#close(channel));
    followed.stopLinger = () => {
      cancel();
      this.#lingering.delete(channel);
    };
    this.#lingering.add(channel);
    for (const idle of this.#lingering) {
      if (this.#lingering.size <= this.#parts.options.maxLingeringChannels) break;
      this.#close(idle);
    }
  }

  /** Whether one more subscriber costs no reads and next to no memory. */
  isFollowing(channel: ChannelName): boolean {
    return this.#followed.has(channel);
  }

  /** Where an attached channel stands: whatever comes behind `last` will still be emitted. */
  standing(channel: ChannelName): Standing | undefined {
    const follower = this.#followed.get(channel)?.follower;
    return follower?.last && { last: follower.last, interruptions: follower.interruptions };
  }

  /**
   * What somebody misses who stands at `after` and has joined the room of an attached channel. Events that the hub has
   * taken may answer it, so it can end before the log does; the rest is emitted.
   */
  resume(
    channel: ChannelName,
    { after, limits, asker = Symbol(channel) }: PageRequest<Position>,
  ): Promise<HistoryPage> {
    return this.#reader.read(channel, { after, limits, asker, last: () => this.#followed.get(channel)?.follower.last });
  }

  /** What the log has behind `after`, as of now. */
  history(channel: ChannelName, { after, limits, asker = Symbol(channel) }: PageRequest): Promise<HistoryPage> {
    return this.#reader.read(channel, { after, limits, asker });
  }

  /** The same, once all up to `last` has left for the room. */
  settled(channel: ChannelName): Standing | undefined {
    this.#parts.frames.flush(channel);
    return this.standing(channel);
  }

  /** Where the log of an attached channel ends now; `undefined` where it is not attached. */
  async logEnd(channel: ChannelName, asker: ShareKey = Symbol(channel)): Promise<Position | undefined> {
    const after = this.standing(channel)?.last;
    if (!after) return undefined;
    const { head } = await this.#reader.read(channel, { after, limits: { maxEvents: 1, maxBytes: 1 }, asker });
    return head;
  }

  /**
   * Resolves when all that the log has of an attached channel now has left for its room: who joins then gets nothing of
   * before.
   *
   * @throws CodedError `BUSY` when that takes too long
   */
  async caughtUp(channel: ChannelName, asker: ShareKey = Symbol(channel)): Promise<void> {
    const end = await this.logEnd(channel, asker);
    const follower = this.#followed.get(channel)?.follower;
    if (!end || !follower) return;
    const { clock, options } = this.#parts;
    let giveUp = (): void => {};
    const arrival = new Promise<void>((arrived) => (giveUp = follower.comeTo(end, arrived)));
    if ((await inTime(clock, options.accessTimeoutMs, arrival)) !== LATE) return;
    giveUp();
    throw new CodedError('BUSY', { retryAfterMs: options.busyRetryAfterMs });
  }

  onBatch(batch: EventBatch): void {
    if (isOwnChannel(batch.channel) || this.#guard.admits(batch.access)) return this.#take(batch);
    this.#guard.hold(batch, () => this.#take(batch));
  }

  live(channel: ChannelName, event: LiveEvent): void {
    this.#parts.frames.addLive(channel, event);
  }

  #take(batch: EventBatch): void {
    this.#followed.get(batch.channel)?.follower.take({ kind: 'batch', batch });
  }

  async #attach(channel: ChannelName, parts: FollowerParts, asker: ShareKey): Promise<void> {
    const known = this.#followed.get(channel);
    known?.head.alsoFor(asker);
    const followed = known ?? this.#open(channel, parts, asker);
    followed.subscribers++;
    followed.stopLinger();
    await followed.opened;
  }

  /** A channel of Millrace's own does not wait behind what clients ask. */
  #open(channel: ChannelName, parts: FollowerParts, asker: ShareKey): Followed {
    const { store, options } = parts;
    // Before the broker hears of the channel: what is refused should cost nothing.
    if (this.#reads.isFull(asker)) throw new CodedError('BUSY', { retryAfterMs: options.busyRetryAfterMs });
    const shared = new SharedHead(asker);
    const head = () => store.head(channel);
    const readHead = parts.ahead ? head : () => shared.read(this.#reads, head);
    const follower = new ChannelFollower(channel, isOwnChannel(channel) ? parts : { ...parts, guard: this.#guard });
    if (channel === ACCESS_CHANNEL) this.#guard.follow(follower);
    const opened = follower.open(readHead).catch((error: unknown) => {
      if (this.#followed.get(channel)?.follower === follower) this.#close(channel);
      throw error;
    });
    const followed: Followed = { head: shared, follower, opened, subscribers: 0, stopLinger: () => {} };
    this.#followed.set(channel, followed);
    this.#parts.recorder.set(channelsFollowed, {}, this.#followed.size);
    return followed;
  }

  #close(channel: ChannelName): void {
    const followed = this.#followed.get(channel);
    if (!followed) return;
    followed.stopLinger();
    this.#followed.delete(channel);
    followed.follower.close();
    this.#parts.recorder.set(channelsFollowed, {}, this.#followed.size);
  }

  #onDigest({ outcome, heads }: LogDigest): void {
    const see = safely('A look into the log', (task: () => void) => task());
    if (outcome === 'rewound') {
      for (const { follower } of this.#followed.values()) see(() => follower.take({ kind: 'rewound' }));
    }
    // One that fails must not hide from the others what this look found, and no later one finds again.
    for (const { channel, position } of heads) see(() => this.#followed.get(channel)?.follower.see(position));
  }
}

/** A follower has one hole at a time, so that each channel has its turn. */
const repairGate = (concurrency: number): FairGate =>
  new FairGate({ concurrency, maxWaiting: Infinity, retryAfterMs: 0 });
