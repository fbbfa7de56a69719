import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { Clock } from '../core/clock.js';
import type { Sequencer } from '../stream/sequencer.js';
import type { SessionDrain } from '../session/session-drain.js';

/** A node whose last pass or poll is older cannot number events: it does not deliver what it accepts. */
const MAX_PASS_AGE_MS = 5_000;

/**
 * Terminus indicator: whether this node can number events and takes new connections.
 *
 * @publicApi
 */
@Injectable()
export class StreamHealth {
  /** @internal */
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly sequencer: Sequencer,
    private readonly drain: Pick<SessionDrain, 'started'>,
    private readonly clock: Clock,
  ) {}

  /** Up while this node numbers events and takes connections; `key` names it in the answer. */
  check(key = 'stream'): HealthIndicatorResult {
    const indicator = this.indicators.check(key);
    if (this.drain.started) return indicator.down({ reason: 'draining' });
    const { lastPassAt } = this.sequencer;
    if (lastPassAt === undefined) return indicator.down({ reason: 'starting' });
    const passAgeMs = this.clock.now() - lastPassAt;
    return passAgeMs <= MAX_PASS_AGE_MS ? indicator.up({ passAgeMs }) : indicator.down({ passAgeMs });
  }
}
