import type { ChannelName, Epoch, Offset } from '@millrace/protocol';
import { bytesOf } from '../core/event-bytes.js';
import type { EventBatch, LiveEvent, StreamEvent } from '../core/stream-event.js';
import { safely } from '../core/safely.js';
import type { Tick } from '../core/tick.js';
import { onWire } from '../core/wire-event.js';
import type { Recorder } from '../telemetry/recorder.js';
import { eventsDelivered, eventsEmitted, framesEmitted } from './hub.metrics.js';
import type { RoomEmitter } from './room-emitter.port.js';
import { roomOf } from './room.js';

interface Waiting<Event> {
  readonly events: Event[];
  bytes: number;
}

interface WaitingBatch extends Waiting<StreamEvent> {
  readonly epoch: Epoch;
  readonly prev: Offset;
}

/**
 * Emits what hub and publishers hand over, one frame a channel and tick: in a burst a frame costs a room far more than
 * an event in it. The waiting events of a channel are bounded in bytes; at the bound its frame leaves at once. What one
 * channel fails at is no other channel's loss.
 */
export class FrameQueue {
  readonly #durable = new Map<ChannelName, WaitingBatch>();
  readonly #live = new Map<ChannelName, Waiting<LiveEvent>>();
  #scheduled = false;

  constructor(
    private readonly emitter: RoomEmitter,
    private readonly tick: Tick,
    private readonly recorder: Recorder,
    private readonly maxBytes: number,
    /** A frame of `channel` could not be emitted: its subscribers have missed it. */
    private readonly lost: (channel: ChannelName) => void = () => {},
  ) {}

  add(batch: EventBatch): void {
    const { channel, epoch, prev, events } = batch;
    const known = this.#durable.get(channel);
    const continues = known?.epoch === epoch && known.events.at(-1)?.offset === prev;
    if (!continues) this.#flushDurable(channel);
    const waiting = continues ? known : { epoch, prev, events: [], bytes: 0 };
    waiting.events.push(...events);
    waiting.bytes += bytesOf(events);
    this.#durable.set(channel, waiting);
    if (waiting.bytes > this.maxBytes) this.#flushDurable(channel);
    this.#schedule();
  }

  addLive(channel: ChannelName, event: LiveEvent): void {
    const waiting = this.#live.get(channel) ?? { events: [], bytes: 0 };
    waiting.events.push(event);
    waiting.bytes += bytesOf([event]);
    this.#live.set(channel, waiting);
    if (waiting.bytes > this.maxBytes) this.#flushLive(channel);
    this.#schedule();
  }

  /** Emits what waits for `channel` now, so that whatever is told next comes after it. */
  flush(channel: ChannelName): void {
    this.#flushDurable(channel);
    this.#flushLive(channel);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.tick(() => {
      this.#scheduled = false;
      for (const channel of this.#durable.keys()) this.#flushDurable(channel);
      for (const channel of this.#live.keys()) this.#flushLive(channel);
    });
  }

  #flushDurable(channel: ChannelName): void {
    const waiting = this.#durable.get(channel);
    if (!waiting) return;
    this.#durable.delete(channel);
    const { epoch, prev, events } = waiting;
    this.#emit(channel, () => {
      this.emitter.events(roomOf(channel), { channel, epoch, prev, events: events.map(onWire) });
      this.#count('durable', channel, events.length);
    });
  }

  #flushLive(channel: ChannelName): void {
    const waiting = this.#live.get(channel);
    if (!waiting) return;
    this.#live.delete(channel);
    this.#emit(channel, () => {
      this.emitter.live(roomOf(channel), { channel, events: waiting.events });
      this.#count('live', channel, waiting.events.length);
    });
  }

  #emit(channel: ChannelName, emission: () => void): void {
    safely('The emission of a frame', () => {
      try {
        emission();
      } catch (error) {
        this.lost(channel);
        throw error;
      }
    })();
  }

  #count(delivery: 'durable' | 'live', channel: ChannelName, events: number): void {
    this.recorder.count(framesEmitted, { delivery });
    this.recorder.count(eventsEmitted, { delivery }, events);
    this.recorder.count(eventsDelivered, { delivery }, events * this.emitter.size(roomOf(channel)));
  }
}
