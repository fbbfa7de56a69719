import type { ChannelName, Epoch, Offset, Position } from '@millrace/protocol';
import { positionOf } from '../../core/order-check.js';
import { ACCESS_CHANNEL } from '../../core/own-channels.js';
import { pageOf, type PageLimits } from '../../core/page.js';
import type { EventBatch, Placed, StreamEvent } from '../../core/stream-event.js';
import type {
  HistoryPage,
  LogDigest,
  LogPosition,
  PassResult,
  Staged,
  StreamStore,
} from '../../stream/stream-store.port.js';

interface Log {
  epoch: Epoch;
  events: StreamEvent[];
  /** Events up to this offset are no longer kept. */
  expired: number;
}

/** A double of the log for tests of what reads it: counts reads, fails, stands still and restarts on command. */
export class MemoryStreamStore implements StreamStore {
  reads = 0;
  heads = 0;
  failing = false;
  readonly #channels = new Map<ChannelName, Log>();
  readonly #log: { channel: ChannelName; position: Position }[] = [];
  #life = 1;
  #ids = 0;
  #gates: (() => void)[] | undefined;

  constructor(private readonly now: () => number = () => 0) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** Numbers `count` events and returns them as the pass would hand them to the broker. */
  append(channel: ChannelName, count = 1): EventBatch {
    return this.appendAs(
      channel,
      Array.from({ length: count }, () => `e${++this.#ids}`),
    );
  }

  /** The same with ids of the caller's. */
  appendAs(channel: ChannelName, ids: readonly string[]): EventBatch {
    const log = this.#logOf(channel);
    const last = this.#headOf(log);
    const events = ids.map((id, index) => {
      const offset = (last.offset + index + 1) as Offset;
      return { offset, id, type: 'noted', data: `${offset}`, time: this.now() };
    });
    log.events.push(...events);
    for (const event of events) this.#log.push({ channel, position: positionOf(log.epoch, event) });
    return { channel, epoch: log.epoch, prev: last.offset, prevId: last.id, events, access: this.#access };
  }

  /** The database was replaced by an older one: of `channel` only the first `keep` events are there. */
  rewind(channel: ChannelName, keep: number): void {
    const log = this.#logOf(channel);
    log.events = log.events.slice(0, keep);
    log.epoch = `epoch${++this.#life}` as Epoch;
    this.#log.splice(0);
  }

  /** A failover lost the newest events of `channel`, all but the first `keep`: nothing tells of it. */
  lose(channel: ChannelName, keep: number): void {
    const log = this.#logOf(channel);
    log.events = log.events.slice(0, keep);
    const kept = this.#log.filter((entry) => entry.channel !== channel || entry.position.offset <= keep);
    this.#log.splice(0, this.#log.length, ...kept);
  }

  expire(channel: ChannelName, upTo: number): void {
    this.#logOf(channel).expired = upTo;
  }

  /** From now on answers wait, with what they read at the time of the call, until {@link release}. */
  hold(): void {
    this.#gates ??= [];
  }

  release(): void {
    const gates = this.#gates ?? [];
    this.#gates = undefined;
    for (const open of gates) open();
  }

  eventsOf(channel: ChannelName): readonly StreamEvent[] {
    return this.#logOf(channel).events;
  }

  history(channel: ChannelName, after: Position | undefined, limits: PageLimits): Promise<HistoryPage> {
    this.reads++;
    const log = this.#logOf(channel);
    return this.#answer({ ...this.#page(log, after, limits), access: this.#access });
  }

  head(channel: ChannelName): Promise<Position> {
    this.heads++;
    return this.#answer(this.#headOf(this.#logOf(channel)));
  }

  logEnd(): Promise<LogPosition> {
    return this.#answer(this.#end);
  }

  digest(after: LogPosition): Promise<LogDigest> {
    const end = this.#end;
    const rewound = after.id !== end.id;
    const heads = new Map(
      this.#log.slice(rewound ? 0 : Number(after.pos)).map((entry) => [entry.channel, entry] as const),
    );
    return this.#answer({ outcome: rewound ? 'rewound' : 'continued', end, heads: [...heads.values()] });
  }

  stage(): Promise<Staged> {
    throw new Error('This double only reads');
  }

  staged(): Promise<ReadonlySet<string>> {
    throw new Error('This double only reads');
  }

  pass(): Promise<PassResult> {
    throw new Error('This double only reads');
  }

  get #access(): Placed {
    const { epoch, offset, id } = this.#headOf(this.#logOf(ACCESS_CHANNEL as ChannelName));
    return { epoch, offset, id };
  }

  get #end(): LogPosition {
    return { pos: BigInt(this.#log.length), id: `life${this.#life}` };
  }

  #page(log: Log, after: Position | undefined, limits: PageLimits): HistoryPage {
    const head = this.#headOf(log);
    const from = after ?? {
      epoch: log.epoch,
      offset: log.expired as Offset,
      id: log.events[log.expired - 1]?.id ?? '',
      time: 0,
    };
    if (from.epoch !== log.epoch) return { outcome: 'unrecoverable', reason: 'epoch', head };
    if ((log.events[from.offset - 1]?.id ?? '') !== from.id)
      return { outcome: 'unrecoverable', reason: 'mismatch', head };
    if (from.offset < log.expired) return { outcome: 'unrecoverable', reason: 'expired', head };
    return { ...pageOf(from, log.events.slice(from.offset), limits), head };
  }

  #headOf({ epoch, events }: Log): Position {
    const newest = events.at(-1);
    return newest ? positionOf(epoch, newest) : { epoch, offset: 0 as Offset, id: '', time: 0 };
  }

  #logOf(channel: ChannelName): Log {
    const known = this.#channels.get(channel) ?? { epoch: `epoch${this.#life}` as Epoch, events: [], expired: 0 };
    this.#channels.set(channel, known);
    return known;
  }

  async #answer<T>(value: T): Promise<T> {
    if (this.failing) throw new Error('The database does not answer');
    const gates = this.#gates;
    if (gates) await new Promise<void>((resolve) => gates.push(resolve));
    return value;
  }
}
