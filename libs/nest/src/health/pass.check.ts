import type { Clock } from '../core/clock.js';
import type { Finding, ReadinessCheck } from '../core/readiness-check.js';
import type { Backlog } from '../stream/backlog.js';
import type { Sequencer } from '../stream/sequencer.js';

/** A node whose last pass or poll is older cannot number events: it does not deliver what it accepts. */
const MAX_PASS_AGE_MS = 5_000;
/** Nodes that lost the database in one moment are not further apart: each of them polls and tries again within a second. */
const SAME_MOMENT_MS = 2_500;

/** Longer than the largest pass takes: staged events that nobody takes by then wait for somebody to look. */
const MAX_STANDING_MS = 15_000;

export interface PassCheckParts {
  readonly sequencer: Pick<Sequencer, 'lastAnswerAt' | 'lastPassAt'>;
  readonly clock: Clock;
  readonly backlog?: Pick<Backlog, 'standsForMs'>;
}

/**
 * Whether this node can number events. That a poll is told of another node's pass shows that the database is there, which
 * is enough to be ready; but only a pass with the lock proves to others that events are numbered. Where staged events
 * stand although passes answer, something holds all of them up.
 */
export class PassCheck implements ReadinessCheck {
  readonly name = 'stream';

  constructor(private readonly parts: PassCheckParts) {}

  check(): Finding {
    const { sequencer, clock } = this.parts;
    const { lastAnswerAt, lastPassAt } = sequencer;
    if (lastAnswerAt === undefined) return { kind: 'fault', scope: 'own', reason: 'starting' };
    const now = clock.monotonic();
    const passAgeMs = Math.round(now - lastAnswerAt);
    const facts = { passAgeMs };
    const standsForMs = Math.round(this.parts.backlog?.standsForMs ?? 0);
    // All nodes share the outbox: no other one is better off.
    if (passAgeMs <= MAX_PASS_AGE_MS && standsForMs > MAX_STANDING_MS) {
      const reason = `no pass has taken the oldest staged event for ${Math.round(standsForMs / 1_000)} s: events and withdrawals that were published in transactions wait`;
      return { kind: 'fault', scope: 'shared', reason, facts: { ...facts, standsForMs } };
    }
    if (passAgeMs <= MAX_PASS_AGE_MS) {
      return {
        kind: 'good',
        ageMs: lastPassAt === undefined ? Infinity : Math.round(now - lastPassAt),
        facts,
      };
    }
    const reason = `the database has answered no pass of this node for ${Math.round(passAgeMs / 1_000)} s`;
    return { kind: 'fault', scope: 'compared', reason, forMs: passAgeMs - SAME_MOMENT_MS, facts };
  }
}
