import type { ChannelName, Epoch, Offset, Position } from '@millrace/protocol';
import type { Clock } from '../core/clock.js';
import { bytesOf } from '../core/event-bytes.js';
import type { EventBatch, StreamEvent } from '../core/stream-event.js';
import type { Recorder } from '../telemetry/recorder.js';
import { recentBytes } from './hub.metrics.js';
import type { HubOptions } from './hub.options.js';

/** The newest events of one channel, without a hole, up to the last one that the hub emitted. */
interface Track {
  readonly epoch: Epoch;
  prev: Offset;
  prevId: string;
  events: { readonly event: StreamEvent; readonly keptAt: number }[];
  bytes: number;
}

/**
 * What the hub emitted lately, so that those who come back after a short while need no read of the log. Bounded in
 * bytes, a channel and in all, and in age: an event whose retention has ended is not given out much longer.
 */
export class RecentEvents {
  /** Least recently used first. */
  readonly #tracks = new Map<ChannelName, Track>();
  #bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly recorder: Recorder,
    private readonly options: HubOptions,
  ) {}

  /** Takes what the hub has just emitted. */
  append({ channel, epoch, prev, prevId, events }: EventBatch): void {
    const known = this.#tracks.get(channel);
    const continues = known?.epoch === epoch && endOf(known).offset === prev;
    if (!continues) this.drop(channel);
    const track = continues ? known : { epoch, prev, prevId, events: [], bytes: 0 };
    const keptAt = this.clock.monotonic();
    for (const event of events) track.events.push({ event, keptAt });
    this.#resize(channel, track, bytesOf(events));
  }

  /** Takes what the log has behind `after`, if it leads up to what is kept, or to `last` when nothing is. */
  offer(channel: ChannelName, after: Position, events: readonly StreamEvent[], last: Position): void {
    const track = this.#tracks.get(channel) ?? {
      epoch: last.epoch,
      prev: last.offset,
      prevId: last.id,
      events: [],
      bytes: 0,
    };
    const older = events.filter(({ offset }) => offset <= track.prev);
    const leadsUp = track.epoch === after.epoch && older.at(-1)?.id === track.prevId;
    if (!leadsUp || older.at(-1)?.offset !== track.prev) return;
    const keptAt = this.clock.monotonic();
    track.events = [...older.map((event) => ({ event, keptAt })), ...track.events];
    track.prev = after.offset;
    track.prevId = after.id;
    this.#resize(channel, track, bytesOf(older));
  }

  /** All events between two places, or `undefined` when they are not all here or the places are not of this life. */
  between(channel: ChannelName, after: Position, last: Position): readonly StreamEvent[] | undefined {
    const track = this.#tracks.get(channel);
    if (!track || track.epoch !== after.epoch || track.epoch !== last.epoch) return undefined;
    this.#expire(track);
    const end = endOf(track);
    if (end.offset !== last.offset || end.id !== last.id) return undefined;
    const skip = after.offset - track.prev;
    const idThere = skip === 0 ? track.prevId : track.events[skip - 1]?.event.id;
    if (skip < 0 || idThere !== after.id) return undefined;
    this.#touch(channel, track);
    return track.events.slice(skip).map(({ event }) => event);
  }

  drop(channel: ChannelName): void {
    this.#bytes -= this.#tracks.get(channel)?.bytes ?? 0;
    this.#tracks.delete(channel);
    this.recorder.set(recentBytes, {}, this.#bytes);
  }

  #resize(channel: ChannelName, track: Track, addedBytes: number): void {
    track.bytes += addedBytes;
    this.#bytes += addedBytes;
    this.#touch(channel, track);
    this.#expire(track);
    this.#shrink(track, (_, bytes) => bytes > this.options.recentMaxChannelBytes);
    for (const oldest of this.#tracks.keys()) {
      if (this.#bytes <= this.options.recentMaxBytes) break;
      this.drop(oldest);
    }
    this.recorder.set(recentBytes, {}, this.#bytes);
  }

  #expire(track: Track): void {
    const keepFrom = this.clock.monotonic() - this.options.recentMaxAgeMs;
    this.#shrink(track, (keptAt) => keptAt < keepFrom);
  }

  /** Drops the oldest events for as long as `tooMuch` says so. */
  #shrink(track: Track, tooMuch: (keptAt: number, bytes: number) => boolean): void {
    let dropped = 0;
    for (const { event, keptAt } of track.events) {
      if (!tooMuch(keptAt, track.bytes)) break;
      const bytes = bytesOf([event]);
      track.bytes -= bytes;
      this.#bytes -= bytes;
      track.prev = event.offset;
      track.prevId = event.id;
      dropped++;
    }
    if (dropped > 0) track.events = track.events.slice(dropped);
  }

  #touch(channel: ChannelName, track: Track): void {
    this.#tracks.delete(channel);
    this.#tracks.set(channel, track);
  }
}

function endOf({ prev, prevId, events }: Track): { readonly offset: Offset; readonly id: string } {
  return events.at(-1)?.event ?? { offset: prev, id: prevId };
}
