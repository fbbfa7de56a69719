import type { CheckName, Finding } from '../core/readiness-check.js';

/** What another node says of itself: how long ago each check was last seen to work there. */
export type HealthReport = Readonly<Partial<Record<CheckName, number>>>;

/** How long a fault must last beside a node that works, so that nodes which recover one after the other do not leave. */
export const SETTLE_MS = 2_500;
/** A proof that is older says nothing about now: the other node may have the fault by now too. */
export const PROOF_MAX_AGE_MS = 15_000;

/** Moments at which another node was seen to work during a fault of this one. */
export interface Proof {
  readonly first: number;
  readonly last: number;
}

/**
 * The proof after another round of answers; `undefined` while there is none. A node that worked before the fault began
 * proves nothing: it may be hit by the same fault in the same moment.
 */
export function proofAfter(
  name: CheckName,
  finding: Finding,
  {
    before,
    reports,
    now,
  }: { readonly before: Proof | undefined; readonly reports: readonly HealthReport[]; readonly now: number },
): Proof | undefined {
  if (finding.kind !== 'fault' || finding.scope !== 'compared') return undefined;
  const begun = now - (finding.forMs ?? 0);
  const since = before && before.last >= begun ? before : undefined;
  const works = reports.flatMap((report) => momentOf(report[name], now)).filter((moment) => moment >= begun);
  if (works.length === 0) return since;
  return { first: since?.first ?? Math.min(...works), last: Math.max(since?.last ?? 0, ...works) };
}

/** Whether it says that the fault is this node's own. One from an earlier fault says nothing about the next. */
export function isConvincing(proof: Proof | undefined, forMs: number, now: number): boolean {
  if (proof === undefined || proof.last < now - forMs) return false;
  return now - proof.first >= SETTLE_MS && now - proof.last <= PROOF_MAX_AGE_MS;
}

/** Another release may say anything. */
function momentOf(ageMs: unknown, now: number): number[] {
  return typeof ageMs === 'number' && ageMs >= 0 ? [now - ageMs] : [];
}
