import type { Clock } from '../core/clock.js';
import { LineLogger } from '../core/log/line-logger.js';

const QUIET_MS = 60_000;
/** Anybody can send any origin: so many lines within that time are enough. */
const MAX_LINES = 20;
const MAX_CHARACTERS = 200;

/** Tells the log of each origin that was refused, once a minute. */
export class RefusedOrigins {
  readonly #logger = new LineLogger();
  readonly #toldAt = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  refused(origin: string, host: string | undefined): void {
    const now = this.clock.monotonic();
    for (const [told, at] of this.#toldAt) if (now - at >= QUIET_MS) this.#toldAt.delete(told);
    const shown = quoted(origin);
    if (this.#toldAt.has(shown) || this.#toldAt.size >= MAX_LINES) return;
    this.#toldAt.set(shown, now);
    this.#logger.warn(
      `Refused connections of pages from ${shown} (HTTP 403): the origin is not that of the host ${quoted(host ?? '')}. ` +
        'If the page is yours, add its origin to `session.allowedOrigins`.',
    );
  }
}

/** What a stranger wrote must not look like lines of the log, nor colour them. */
const quoted = (text: string): string => `"${text.slice(0, MAX_CHARACTERS).replaceAll(/[^\x21-\x7E]/g, '?')}"`;
