import { setMaxListeners } from 'node:events';
import { decodePosition, type ControlFrame, type WireEvent } from '@millrace/protocol';
import { CodedError } from '../../core/coded-error.js';
import type { RecordingRooms, RoomFrame } from '../../hub/testing/recording-rooms.js';
import type { Session } from '../../session/session.js';

/** A session in the rooms of a bench, and its client's journal: what it was told, in order. */
export class FakeSession implements Session {
  readonly socket = {};
  readonly rooms = new Set<string>();
  readonly told: ControlFrame[] = [];
  readonly frames: RoomFrame[] = [];
  readonly #ended = new AbortController();
  readonly #receive = (frame: RoomFrame): void => void this.frames.push(frame);

  constructor(
    private readonly bench: RecordingRooms,
    readonly id = 's1',
    public principal: unknown = { name: 'ann' },
    readonly subject = 'ann',
  ) {
    setMaxListeners(0, this.#ended.signal);
  }

  get payer(): string {
    return `subject ${this.subject}`;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  join(room: string): void {
    this.rooms.add(room);
    this.bench.join(room, this.#receive);
  }

  leave(room: string): void {
    this.rooms.delete(room);
    this.bench.leave(room, this.#receive);
  }

  tell(frame: ControlFrame): void {
    this.told.push(frame);
  }

  end(): void {
    this.#ended.abort(new CodedError('SESSION_ENDED'));
    for (const room of this.rooms) this.leave(room);
  }

  /** Offsets of the events that reached it by rooms. */
  get offsets(): number[] {
    return this.frames.flatMap((one) => (one.kind === 'events' ? one.frame.events.map(({ offset }) => offset) : []));
  }
}

/** The offsets that a client has after merging an answer with its room: from `since` on, without doubles. */
export function merged(answer: { position: string; events: readonly WireEvent[] }, session: FakeSession): number[] {
  const position = decodePosition(answer.position);
  const start = position?.offset ?? 0;
  return [...answer.events.map(({ offset }) => offset), ...session.offsets.filter((offset) => offset > start)];
}
