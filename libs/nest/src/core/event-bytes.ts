import type { StreamEvent } from './stream-event.js';

/** What an event costs beside its texts: numbers, object, JSON punctuation. */
const OVERHEAD_BYTES = 120;

/** About how many bytes `events` take, in memory or in a frame. Texts are mostly ASCII, so characters are counted. */
export function bytesOf(events: readonly Omit<StreamEvent, 'offset'>[]): number {
  return events.reduce((sum, { id, type, data }) => sum + id.length + type.length + data.length + OVERHEAD_BYTES, 0);
}
