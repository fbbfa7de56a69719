import type { Clock } from '../core/clock.js';
import type { Finding, ReadinessCheck } from '../core/readiness-check.js';
import type { Hub } from '../hub/hub.js';

/** As long as a look may be away. */
const MIN_LOOK_AGE_MS = 5_000;
/** Where the application looks less often than once a second. */
const MISSED_LOOKS = 5;

/**
 * How long ago this node looked into the log for what the broker did not bring. Its fault alone makes no node unready:
 * what was not looked for is found by the next look, and the delivery check tells whether events arrive.
 */
export class LogTailCheck implements ReadinessCheck {
  readonly name = 'hub';

  constructor(
    private readonly hub: Pick<Hub, 'lastLookAt' | 'lookIntervalMs'>,
    private readonly clock: Clock,
  ) {}

  check(): Finding {
    const { lastLookAt, lookIntervalMs } = this.hub;
    if (lastLookAt === undefined) return { kind: 'good' };
    const lookAgeMs = Math.round(this.clock.monotonic() - lastLookAt);
    const facts = { lookAgeMs };
    if (lookAgeMs <= Math.max(MIN_LOOK_AGE_MS, MISSED_LOOKS * lookIntervalMs)) return { kind: 'good', facts };
    const reason = `this node has not read the log for ${Math.round(lookAgeMs / 1_000)} s`;
    return { kind: 'fault', scope: 'shared', reason, facts };
  }
}
