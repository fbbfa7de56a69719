import type { Clock } from '../core/clock.js';
import type { Finding, ReadinessCheck } from '../core/readiness-check.js';
import type { RefusalTally } from '../session/refusals/refusal-tally.js';

/**
 * Whether this node lets clients in. One that refuses many, one after the other, and lets in nobody has a wrong key or a
 * wrong clock, if another one lets them in meanwhile. Out of the load balancer it refuses nobody, and is well again when
 * the refusals have aged: then it is given some, and either lets one in or is out after five.
 */
export class RefusalsCheck implements ReadinessCheck {
  readonly name = 'refusals';

  constructor(
    private readonly tally: Pick<RefusalTally, 'count' | 'doubtedSince' | 'acceptedAt'>,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {}

  check(): Finding {
    const { doubtedSince, acceptedAt, count } = this.tally;
    const now = this.clock.monotonic();
    // What proves to others that clients can be let in is that one was.
    if (doubtedSince === undefined) {
      return { kind: 'good', ageMs: acceptedAt === undefined ? Infinity : Math.round(now - acceptedAt) };
    }
    const reason = `the tokens of ${count} clients were refused and nobody was let in: compare key, issuer and clock of this node`;
    return {
      kind: 'fault',
      scope: 'compared',
      reason,
      forMs: Math.round(now - doubtedSince),
      facts: { refused: count },
    };
  }
}
