import type { WireEvent } from '@millrace/protocol';

/** A slow link gets it across before anybody takes it for dead; on a fast one the next page is four times as large. */
const FIRST_BYTES = 65_536;
const MIN_BYTES = 2_048;
/** What a server sends at once is bounded by itself: beyond this it is not told. */
const MAX_BYTES = 4_194_304;
/** How long a page should take. A heartbeat waits behind it, and 8 s later the server gives the link up. */
const AIM_MS = 3_000;
/** Less says more about the way there and back than about the link. */
const MIN_MEASURED_BYTES = 1_024;

/** Id, type, numbers and punctuation of an event beside its data. */
const EVENT_BYTES = 120;

/**
 * How large an answer may be to get across this link. A page of a fixed size that is too large for a slow one would be
 * cut off in the middle, asked for again and cut off again, for ever.
 */
export class PageSize {
  #bytes = FIRST_BYTES;

  /** To ask for; nothing where the server's own bound is low enough. */
  get maxBytes(): number | undefined {
    return this.#bytes < MAX_BYTES ? this.#bytes : undefined;
  }

  /** An answer of `bytes` came after `ms`. */
  answered(bytes: number, ms: number): void {
    if (bytes < MIN_MEASURED_BYTES) return;
    const fitting = (bytes * AIM_MS) / Math.max(ms, 1);
    this.#set(Math.min(fitting, this.#bytes * 4));
  }

  /** No answer came, or the link broke while one was under way. */
  failed(): void {
    this.#set(this.#bytes / 4);
  }

  #set(bytes: number): void {
    this.#bytes = Math.round(Math.min(MAX_BYTES, Math.max(MIN_BYTES, bytes)));
  }
}

/** About how many bytes some events took on the wire. */
export function wireBytes(events: unknown): number {
  const texts = Array.isArray(events) ? (events as readonly Partial<WireEvent>[]) : [];
  return texts.reduce((sum, event) => sum + (event?.data?.length ?? 0) + EVENT_BYTES, 0);
}
