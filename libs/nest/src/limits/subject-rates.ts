import type { Clock } from '../core/clock.js';
import type { BucketRate } from '../core/token-bucket.js';
import type { Recorder } from '../telemetry/recorder.js';
import { limitReached } from './limit-reached.js';
import type { SubjectLimits } from './limits.options.js';
import { limitsRefused } from './limits.metrics.js';
import type { PrincipalLimits } from './principal-limits.js';
import { TokenBuckets } from './token-buckets.js';

/** Of a session: for whom it speaks. */
export interface Subject {
  /** The subject, or the network of one who has none of its own. */
  readonly payer: string;
  readonly principal: unknown;
}

type RateKind = keyof typeof rates;

const perSecond = (rate: number, seconds: number): BucketRate => ({ perSecond: rate, burst: rate * seconds });

const rates = {
  commands: ({ commandsPerSecond }: SubjectLimits) => perSecond(commandsPerSecond, 10),
  subscribes: ({ subscribesPerSecond }: SubjectLimits) => perSecond(subscribesPerSecond, 20),
  history: ({ historyPagesPerSecond }: SubjectLimits) => perSecond(historyPagesPerSecond, 10),
  channels: ({ newChannelsPerMinute }: SubjectLimits) => perSecond(newChannelsPerMinute / 60, 60),
};

/** How often subjects ask a node, over all their sessions and those that they had. In memory: it is on the way of all frames. */
export class SubjectRates {
  readonly #buckets: Readonly<Record<RateKind, TokenBuckets>> = {
    commands: new TokenBuckets(),
    subscribes: new TokenBuckets(),
    history: new TokenBuckets(),
    channels: new TokenBuckets(),
  };

  constructor(
    private readonly limits: Pick<PrincipalLimits, 'of'>,
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly recorder: Pick<Recorder, 'count'>,
  ) {}

  /** @throws CodedError `RATE_LIMITED`, and nothing is taken */
  take(kind: RateKind, { payer, principal }: Subject, count = 1): void {
    const rate = rates[kind](this.limits.of(principal));
    const retryAfterMs = this.#buckets[kind].take(payer, rate, this.clock.monotonic(), count);
    if (retryAfterMs === 0) return;
    this.recorder.count(limitsRefused, { limit: kind }, count);
    throw limitReached(kind, retryAfterMs, kind === 'commands' ? { outcome: 'not-applied' } : {});
  }
}
