import type { Clock } from '../core/clock.js';
import type { Recorder } from '../telemetry/recorder.js';
import { ConnectionGuard, type Resident } from './connection-guard.js';
import { frameRates, type FrameRates } from './frame-meter.js';
import type { GuardedConnection } from './guarded-connection.js';
import type { FrameOptions } from './limits.options.js';
import { limitsRefused } from './limits.metrics.js';

export interface ConnectionGuardsParts {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly options: FrameOptions & { readonly authenticateTimeoutMs: number };
}

/** The guards of all connections of a node. */
export class ConnectionGuards {
  readonly #guards = new WeakMap<object, ConnectionGuard>();
  readonly #rates: FrameRates;

  constructor(private readonly parts: ConnectionGuardsParts) {
    this.#rates = frameRates(parts.options);
  }

  /** @param onCut hears of a connection that was cut before it had a session, or when it had none any more */
  watch(connection: GuardedConnection, onCut: () => void): void {
    const { clock, recorder, options } = this.parts;
    const guard = new ConnectionGuard(connection, {
      clock,
      rates: this.#rates,
      // As long as a newcomer has.
      withoutSessionMs: 2 * options.authenticateTimeoutMs,
      onRefused: () => recorder.count(limitsRefused, { limit: 'frames' }),
      onCut: (resident) => {
        recorder.count(limitsRefused, { limit: 'flood' });
        if (!resident) onCut();
      },
    });
    this.#guards.set(connection, guard);
    guard.start();
  }

  /** A session lives on `connection` until the answer is called. */
  enter(connection: object, resident: Resident): () => void {
    return this.#guards.get(connection)?.enter(resident) ?? (() => {});
  }
}
