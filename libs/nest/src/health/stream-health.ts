import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { Clock } from '../core/clock.js';
import type { NodeDescription } from '../session/rooms/node-description.js';
import type { OtherNodes } from '../session/rooms/other-nodes.js';
import type { SessionDrain } from '../session/session-drain.js';
import type { Sequencer } from '../stream/sequencer.js';

/** A node whose last pass or poll is older cannot number events: it does not deliver what it accepts. */
const MAX_PASS_AGE_MS = 5_000;
/** Nodes that lost the database in one moment are not further apart: each of them polls and tries again within a second. */
const SAME_MOMENT_MS = 2_500;
/** A load balancer waits for the answer. */
const ASK_TIMEOUT_MS = 500;

export interface StreamHealthParts {
  readonly sequencer: Pick<Sequencer, 'lastAnswerAt'>;
  readonly drain: Pick<SessionDrain, 'started'>;
  /** Absent in a process without sessions, of which no other knows. */
  readonly others?: Pick<OtherNodes, 'ask'>;
  readonly clock: Clock;
}

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
    private readonly parts: StreamHealthParts,
  ) {}

  /**
   * Down while this node drains, or cannot number events and another node can. Where all nodes say that they cannot, the
   * fault is not this node's: up, `degraded`. `key` names it in the answer.
   */
  async check(key = 'stream'): Promise<HealthIndicatorResult> {
    const { sequencer, drain, clock } = this.parts;
    const indicator = this.indicators.check(key);
    if (drain.started) return indicator.down({ reason: 'draining' });
    const { lastAnswerAt } = sequencer;
    if (lastAnswerAt === undefined) return indicator.down({ reason: 'starting' });
    const passAgeMs = Math.round(clock.monotonic() - lastAnswerAt);
    if (passAgeMs <= MAX_PASS_AGE_MS) return indicator.up({ passAgeMs });
    if (await this.#isShared(passAgeMs)) return indicator.up({ state: 'degraded', passAgeMs });
    return indicator.down({ passAgeMs });
  }

  /**
   * Whether the other nodes are no better off. That a poll is told of somebody's pass says that the database is there,
   * which is enough to be ready; but only a pass of their own says that they number what this node cannot. Where none of
   * them answers nobody can tell, and this node steps back.
   */
  async #isShared(passAgeMs: number): Promise<boolean> {
    const answers = await this.parts.others?.ask(ASK_TIMEOUT_MS);
    if (!answers || answers.nodes.length === 0) return false;
    return answers.nodes.every((node) => passAgeIn(node) > passAgeMs - SAME_MOMENT_MS);
  }
}

/** Of a node that starts, none yet; of one of another release that does not tell, as if it were well. */
function passAgeIn({ passAgeMs = 0 }: Partial<NodeDescription>): number {
  return passAgeMs === null ? Infinity : Number(passAgeMs);
}
