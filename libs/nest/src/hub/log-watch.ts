import type { Clock } from '../core/clock.js';
import { Rounds } from '../core/rounds.js';
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
  readonly #looks: Rounds;
  #after: LogPosition | undefined;
  #watcher: LogWatcher | undefined;
  #lastLookAt: number | undefined;

  constructor(
    private readonly store: StreamStore,
    private readonly clock: Clock,
    private readonly recorder: Recorder,
    readonly intervalMs: number,
  ) {
    this.#looks = new Rounds(clock, intervalMs, () => this.#look());
  }

  /** When a look last succeeded, on the monotonic clock of this process. */
  get lastLookAt(): number | undefined {
    return this.#lastLookAt;
  }

  async start(watcher: LogWatcher): Promise<void> {
    this.#watcher = watcher;
    this.#after = await this.store.logEnd();
    this.#looks.start();
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  /** After a failure the next look starts from the same place: nothing is skipped. */
  async #look(): Promise<void> {
    if (!this.#after || !this.#watcher) return;
    this.#watcher.begun();
    try {
      const digest = await this.store.digest(this.#after);
      this.#after = digest.end;
      this.#lastLookAt = this.clock.monotonic();
      this.recorder.count(digestsTaken, { outcome: digest.outcome });
      if (!this.#looks.isStopped) this.#watcher.found(digest);
    } catch {
      this.recorder.count(digestsTaken, { outcome: 'failed' });
    }
  }
}
