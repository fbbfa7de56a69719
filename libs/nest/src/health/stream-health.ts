import { Injectable } from '@nestjs/common';
import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { NodeReadiness, Readiness, Verdict } from './readiness.js';

/**
 * Terminus indicator: whether this node may be given connections, which is whether it numbers and delivers events and
 * does not drain.
 *
 * @publicApi
 */
@Injectable()
export class StreamHealth {
  /** @internal */
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly readiness: Pick<Readiness, 'current'>,
  ) {}

  /**
   * Down while this node drains, starts, or has a fault that another node is shown not to have. `state` is `ready`,
   * `degraded` or `unready`, `reason` says why: with a fault that no other node is better off with, it is up and
   * `degraded`, because one outage must not take every node out of the load balancer. `key` names it in the answer.
   */
  async check(key = 'stream'): Promise<HealthIndicatorResult> {
    const { state, reason, verdicts }: NodeReadiness = this.readiness.current();
    const { facts } = verdicts.find(({ name }) => name === 'stream') ?? {};
    return this.#result(key, {
      name: 'stream',
      state,
      ...(reason !== undefined && { reason }),
      ...(facts && { facts }),
    });
  }

  /**
   * One answer for each thing that is checked.
   *
   * @internal
   */
  checks(): HealthIndicatorResult[] {
    return this.readiness.current().verdicts.map((verdict) => this.#result(verdict.name, verdict));
  }

  #result(key: string, { state, reason, facts }: Verdict): HealthIndicatorResult {
    const indicator = this.indicators.check(key);
    const said = { ...facts, state, ...(reason !== undefined && { reason }) };
    return state === 'unready' ? indicator.down(said) : indicator.up(said);
  }
}
