/** Delays between two looks for an event whose transaction cannot be seen to commit. */
const FIRST_DELAY_MS = 2;
const MAX_DELAY_MS = 50;

/**
 * Staged events of transactions that are the application's own. Decides when to look again: after 2, 4, 8 … 50 ms, from
 * the start again whenever an event joins, and no longer than `timeoutMs` for one event; the poll finds it then.
 */
export class SeekList {
  readonly #until = new Map<string, number>();
  #delayMs = FIRST_DELAY_MS;

  constructor(private readonly timeoutMs: number) {}

  get isEmpty(): boolean {
    return this.#until.size === 0;
  }

  add(ids: readonly string[], now: number): void {
    for (const id of ids) this.#until.set(id, now + this.timeoutMs);
    this.#delayMs = FIRST_DELAY_MS;
  }

  found(id: string): void {
    this.#until.delete(id);
  }

  /** How long to wait before the next look; `undefined` when there is nothing left to look for. */
  nextDelay(now: number): number | undefined {
    for (const [id, until] of this.#until) if (until <= now) this.#until.delete(id);
    if (this.isEmpty) return undefined;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(MAX_DELAY_MS, delayMs * 2);
    return delayMs;
  }
}
