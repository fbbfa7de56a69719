import type { Clock } from '../core/clock.js';
import { LineLogger } from '../core/log/line-logger.js';

/** One line a minute for each kind: whoever forgot an `await` forgot it for every command. */
const QUIET_MS = 60_000;

interface Kind {
  since: number;
  left: number;
}

/**
 * Says what was lost because it came behind the end of its transaction. Its caller is told `TRANSACTION_ENDED`, but
 * whoever lost it awaited nothing, so nobody looks at that error.
 */
export class LostWork {
  readonly #logger = new LineLogger();
  readonly #kinds = new Map<string, Kind>();

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** `work` was called by what `owner` left running, and is not done. `kind` has none of a client's text in it. */
  lost(owner: string, { kind, work }: { readonly kind: string; readonly work: string }): void {
    const known = this.#known(`${owner} ${kind}`);
    if (!known) return;
    const more = known.left > 0 ? ` (and ${known.left} more like it since)` : '';
    known.left = 0;
    this.#logger.error(
      `${work} came after the end of ${owner} and is lost${more}: the handler did not await the code that it comes from, ` +
        'or the deadline had passed. Await it in the handler: with EventEmitter2 by emitAsync(); what cannot be awaited, ' +
        'as listeners of an EventBus, timers and subscribe(), has to leave this to the handler. What is meant to outlive ' +
        'the handler goes into detached(), or the command has @Command(…, { transaction: false })',
    );
  }

  /** `undefined` while its kind is quiet. */
  #known(key: string): Kind | undefined {
    const now = this.clock.monotonic();
    const known = this.#kinds.get(key);
    if (!known) {
      const first = { since: now, left: 0 };
      this.#kinds.set(key, first);
      return first;
    }
    if (now - known.since < QUIET_MS) {
      known.left++;
      return undefined;
    }
    known.since = now;
    return known;
  }
}
