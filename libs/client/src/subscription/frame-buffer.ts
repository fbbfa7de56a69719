import type { EventsFrame } from '@millrace/protocol';

/** Live frames that came between a request and its answer. */
export type FrameBuffer =
  | { readonly kind: 'held'; readonly frames: readonly EventsFrame[]; readonly size: number }
  /** More than a client should hold. Dropped as a whole: after the answer, the server is asked for them again. */
  | { readonly kind: 'overflowed' };

/** In characters of event data. */
const MAX_SIZE = 1_000_000;
/** Events without data have a size too. */
const EVENT_SIZE = 100;

export const emptyBuffer: FrameBuffer = { kind: 'held', frames: [], size: 0 };

export function hold(buffer: FrameBuffer, frame: EventsFrame): FrameBuffer {
  if (buffer.kind === 'overflowed') return buffer;
  const size = frame.events.reduce((sum, { data }) => sum + data.length + EVENT_SIZE, buffer.size);
  return size > MAX_SIZE ? { kind: 'overflowed' } : { kind: 'held', frames: [...buffer.frames, frame], size };
}
