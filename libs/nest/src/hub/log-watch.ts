import type { Clock } from '../core/clock.js';
import type { LogDigest, LogPosition, StreamStore } from '../stream/stream-store.port.js';
import type { Recorder } from '../telemetry/recorder.js';
import { digestsTaken } from './hub.metrics.js';

export interface LogWatcher {
  /** A look is about to read the log: it will see all that anybody has seen so far. */
  begun(): void;
  /** Every digest, in order. */
  found(digest: LogDigest): void;
}

/**
 * Looks into the log again and again for what the broker did not bring: a lost last message, which nothing follows
 * that would show the hole, and the events of a node that died before it called the broker.
 */
export class LogWatch {
  #after: LogPosition | undefined;
  #cancelTimer = (): void => {};
  #looking: Promise<void> = Promise.resolve();
  #stopped = true;

  constructor(
    private readonly store: StreamStore,
    private readonly clock: Clock,
    private readonly recorder: Recorder,
    private readonly intervalMs: number,
  ) {}

  async start(watcher: LogWatcher): Promise<void> {
    this.#stopped = false;
    this.#after = await this.store.logEnd();
    this.#schedule(watcher);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#looking;
  }

  #schedule(watcher: LogWatcher): void {
    if (this.#stopped) return;
    this.#cancelTimer = this.clock.after(this.intervalMs, () => {
      this.#looking = this.#look(watcher).finally(() => this.#schedule(watcher));
    });
  }

  /** After a failure the next look starts from the same place: nothing is skipped. */
  async #look(watcher: LogWatcher): Promise<void> {
    if (!this.#after) return;
    watcher.begun();
    try {
      const digest = await this.store.digest(this.#after);
      this.#after = digest.end;
      this.recorder.count(digestsTaken, { outcome: digest.outcome });
      if (!this.#stopped) watcher.found(digest);
    } catch {
      this.recorder.count(digestsTaken, { outcome: 'failed' });
    }
  }
}
