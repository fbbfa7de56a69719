import type { Clock } from '../core/clock.js';
import type { CheckName, Facts, Fault, Finding, ReadinessCheck, ReadinessState } from '../core/readiness-check.js';
import { Rounds } from '../core/rounds.js';
import type { Recorder } from '../telemetry/recorder.js';
import { healthState } from './health.metrics.js';
import { isConvincing, proofAfter, type HealthReport, type Proof } from './proof.js';
import { LineLogger } from '../core/log/line-logger.js';

/** What one check comes to, once the other nodes were asked. */
export interface Verdict {
  readonly name: CheckName;
  readonly state: ReadinessState;
  readonly reason?: string;
  readonly facts?: Facts;
}

/** What all of them come to: the worst. */
export interface NodeReadiness {
  readonly state: ReadinessState;
  /** Of the check that is worst. */
  readonly reason?: string;
  readonly verdicts: readonly Verdict[];
}

export interface ReadinessParts {
  readonly checks: readonly ReadinessCheck[];
  /** How the other nodes are; nothing where nobody can be asked. Bounded in time. */
  readonly others: () => Promise<readonly HealthReport[]>;
  readonly clock: Clock;
  readonly recorder: Recorder;
}

const LOOK_INTERVAL_MS = 1_000;
const RANK: Readonly<Record<ReadinessState, number>> = { ready: 0, degraded: 1, unready: 2 };

/**
 * Collects the checks of this node and decides whether it may be given users. It looks every second, so that a health
 * request is answered from memory; the others are asked only while there is a fault to compare.
 *
 * A node leaves the load balancer for what is surely its own, and for a fault that another node is shown not to have.
 * Where nobody is better off, or nobody can tell, it stays in as `degraded`: one outage must not take every node out.
 */
export class Readiness {
  readonly #logger = new LineLogger();
  readonly #looks: Rounds;
  readonly #proofs = new Map<CheckName, Proof>();
  #said = '';

  constructor(private readonly parts: ReadinessParts) {
    this.#looks = new Rounds(parts.clock, LOOK_INTERVAL_MS, () => this.look());
  }

  start(): void {
    this.#looks.start();
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  current(): NodeReadiness {
    const verdicts = this.parts.checks.map((check) => this.#verdictOf(check.name, check.check()));
    const worst = verdicts.reduce<Verdict | undefined>(
      (found, verdict) => (found && RANK[found.state] >= RANK[verdict.state] ? found : verdict),
      undefined,
    );
    const { state = 'ready', reason } = worst ?? {};
    return { state, ...(reason !== undefined && { reason }), verdicts };
  }

  /** What this node tells the others of itself. */
  report(): HealthReport {
    const report: Partial<Record<CheckName, number>> = {};
    for (const check of this.parts.checks) {
      const finding = check.check();
      const ageMs = finding.kind === 'good' ? (finding.ageMs ?? 0) : Infinity;
      if (ageMs < Infinity) report[check.name] = ageMs;
    }
    return report;
  }

  /** One round: asks the others where there is something to compare, then sets the metrics and tells of a change. */
  async look(): Promise<void> {
    const asks = (finding: Finding): boolean =>
      finding.kind === 'fault' && (finding.scope === 'compared' || finding.asks === true);
    const hasFault = this.parts.checks.some((check) => asks(check.check()));
    const reports = hasFault ? await this.parts.others().catch(() => []) : [];
    const now = this.parts.clock.monotonic();
    for (const check of this.parts.checks) {
      const before = this.#proofs.get(check.name);
      const proof = proofAfter(check.name, check.check(), { before, reports, now });
      if (proof) this.#proofs.set(check.name, proof);
      else this.#proofs.delete(check.name);
    }
    this.#tell(this.current());
  }

  #verdictOf(name: CheckName, finding: Finding): Verdict {
    const facts = finding.facts && { facts: finding.facts };
    if (finding.kind === 'good') return { name, state: 'ready', ...facts };
    return { name, state: this.#stateOf(name, finding), reason: finding.reason, ...facts };
  }

  #stateOf(name: CheckName, { scope, forMs = 0 }: Fault): ReadinessState {
    if (scope === 'own') return 'unready';
    if (scope === 'shared') return 'degraded';
    return isConvincing(this.#proofs.get(name), forMs, this.parts.clock.monotonic()) ? 'unready' : 'degraded';
  }

  #tell({ state, reason, verdicts }: NodeReadiness): void {
    const { recorder } = this.parts;
    recorder.set(healthState, { check: 'node' }, RANK[state]);
    for (const verdict of verdicts) recorder.set(healthState, { check: verdict.name }, RANK[verdict.state]);
    const said = verdicts
      .filter((one) => one.state !== 'ready')
      .map((one) => `${one.name} ${one.state}`)
      .join();
    if (said === this.#said) return;
    const wasFaulty = this.#said !== '';
    this.#said = said;
    if (state !== 'ready') this.#logger.warn(`This node is ${state}: ${reason ?? ''}`);
    else if (wasFaulty) this.#logger.log('This node is ready again');
  }
}
