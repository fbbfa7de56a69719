import type { Clock } from '../core/clock.js';
import type { Recorder } from '../telemetry/recorder.js';
import { redisRefused } from './redis.metrics.js';
import type { MessageRefusal } from './sender-memory.js';
import { LineLogger } from '../core/log/line-logger.js';

const QUIET_MS = 60_000;

/** Counts what is not listened to, and says so once a minute: whoever can publish could fill the log. */
export class RefusedMessages {
  readonly #logger = new LineLogger();
  #saidAt = -Infinity;
  #count = 0;

  constructor(
    private readonly recorder: Recorder,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {}

  add(reason: MessageRefusal, channel: string): void {
    this.recorder.count(redisRefused, { reason });
    this.#count++;
    const now = this.clock.monotonic();
    if (now - this.#saidAt < QUIET_MS) return;
    this.#saidAt = now;
    const shown = channel.slice(0, 200).replaceAll(/[^\x21-\x7E]/g, '?');
    this.#logger.warn(
      `Messages over Redis were dropped because no node of this installation can have sent them now (${reason}): ` +
        `${this.#count} since the last such line, the newest on "${shown}". Who else may publish there?`,
    );
    this.#count = 0;
  }
}
