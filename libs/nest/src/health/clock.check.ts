import type { Clock } from '../core/clock.js';
import type { DatabaseClock } from '../core/database-clock.js';
import type { Finding, ReadinessCheck } from '../core/readiness-check.js';

export interface ClockCheckParts {
  readonly databaseClock: Pick<DatabaseClock, 'skewMs' | 'databaseStepMs'>;
  readonly maxClockSkewMs: number;
  /** What the authenticator forgives, in ms; absent in a process that is shown no tokens. */
  readonly tokenToleranceMs?: number;
  readonly clock: Clock;
}

/** Another node may be of another release. */
interface Other {
  readonly clockSkewMs?: unknown;
}

/** What the others said counts for so long; they are asked once a second while it matters. */
const WITNESS_MAX_AGE_MS = 15_000;

/**
 * Whether the wall clock of this host and the clock of the database agree. The times of tokens are compared with the
 * first, so a node where it is wrong refuses good tokens, or takes expired ones, and must not be given users.
 *
 * Which of the two is wrong, others know: monotonic time, if the database's clock was set while this process ran; else the
 * other nodes. Where none of them agrees with the database, the fault is everybody's. Where nobody can be asked, it counts
 * as this node's own: unlike other faults it is no outage that all nodes share.
 */
export class ClockCheck implements ReadinessCheck {
  readonly name = 'clock';
  #witnesses: { readonly skews: readonly number[]; readonly at: number } | undefined;

  constructor(private readonly parts: ClockCheckParts) {}

  /** What the other nodes say of their clocks. */
  heard(others: readonly Other[]): void {
    const skews = others.map(({ clockSkewMs }) => clockSkewMs).filter((skew) => typeof skew === 'number');
    this.#witnesses = { skews, at: this.parts.clock.monotonic() };
  }

  check(): Finding {
    const { databaseClock, maxClockSkewMs, tokenToleranceMs } = this.parts;
    const { skewMs } = databaseClock;
    if (skewMs === undefined) return { kind: 'good' };
    const facts = { clockSkewMs: Math.round(skewMs) };
    if (!this.#isTooFar(skewMs)) return { kind: 'good', facts };
    const fault = { kind: 'fault', asks: true, facts } as const;
    const apart = `the clock of this host is ${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the clock of the database`;
    if (!this.#isTooFar(skewMs + databaseClock.databaseStepMs)) {
      return { ...fault, scope: 'shared', reason: `${apart}, which was set while this process ran` };
    }
    if (tokenToleranceMs === undefined || Math.abs(skewMs) <= Math.max(maxClockSkewMs, tokenToleranceMs)) {
      return { ...fault, scope: 'shared', reason: apart };
    }
    if (this.#isSharedByAll()) return { ...fault, scope: 'shared', reason: `${apart}, as on all other nodes` };
    return { ...fault, scope: 'own', reason: `${apart}: good tokens would be refused. Set the clock` };
  }

  #isTooFar(ms: number): boolean {
    return Math.abs(ms) > this.parts.maxClockSkewMs;
  }

  #isSharedByAll(): boolean {
    const witnesses = this.#witnesses;
    if (!witnesses || this.parts.clock.monotonic() - witnesses.at > WITNESS_MAX_AGE_MS) return false;
    return witnesses.skews.length > 0 && witnesses.skews.every((skewMs) => this.#isTooFar(skewMs));
  }
}
