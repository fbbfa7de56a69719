import type { Clock } from '../../core/clock.js';
import { FairGate } from '../../core/fair-gate.js';
import { gateWatch } from '../../telemetry/gate.metrics.js';
import type { Recorder } from '../../telemetry/recorder.js';
import type { SqlExecutor } from '../sql-database.port.js';
import type { AmbientScope } from './ambient.js';
import type { TransactionPort } from './transaction.port.js';

export interface FairTransactionsParts {
  /** Says whom a transaction counts against. */
  readonly ambient: AmbientScope;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Transactions that are open at once. */
  readonly maxTransactions: number;
}

const RETRY_AFTER_MS = 500;
/** For one that has no deadline of its own. */
const MAX_WAIT_MS = 10_000;

/** The port of an application's ORM, whose pool serves in the order of arrival: here clients have their turns before it. */
export class FairTransactions implements TransactionPort {
  readonly #gate: FairGate;

  constructor(
    private readonly port: TransactionPort,
    private readonly parts: FairTransactionsParts,
  ) {
    const bounds = { concurrency: parts.maxTransactions, maxWaiting: Infinity, retryAfterMs: RETRY_AFTER_MS };
    this.#gate = new FairGate(bounds, gateWatch(parts.recorder, 'transaction'));
  }

  async run<T>(work: (handle: unknown) => Promise<T>, timeoutMs?: number): Promise<T> {
    const { ambient, clock } = this.parts;
    const startedAt = clock.monotonic();
    const within = { clock, timeoutMs: timeoutMs ?? MAX_WAIT_MS };
    const leave = await this.#gate.take(ambient.payer(), { within });
    try {
      const leftMs = timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (clock.monotonic() - startedAt));
      return await this.port.run(work, leftMs);
    } finally {
      leave();
    }
  }

  executor(handle: unknown): SqlExecutor {
    return this.port.executor(handle);
  }

  close(handle: unknown): Promise<unknown> | undefined {
    return this.port.close?.(handle);
  }
}
