import type { Finding, ReadinessCheck } from '../core/readiness-check.js';
import type { SessionDrain } from '../session/session-drain.js';

/** A node that drains takes no new connections. */
export class DrainCheck implements ReadinessCheck {
  readonly name = 'drain';

  constructor(private readonly drain: Pick<SessionDrain, 'started'>) {}

  check(): Finding {
    return this.drain.started ? { kind: 'fault', scope: 'own', reason: 'draining' } : { kind: 'good' };
  }
}
