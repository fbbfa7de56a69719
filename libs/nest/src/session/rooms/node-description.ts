import type { CheckName, ReadinessState } from '../../core/readiness-check.js';

/** What a node tells the others and operators of itself. Ages, not moments: no two hosts have one clock. */
export interface NodeDescription {
  readonly id: string;
  readonly uptimeMs: number;
  readonly versions: { readonly millrace: string; readonly protocol: number; readonly node: string };
  readonly draining: boolean;
  readonly sessions: number;
  readonly subscriptions: number;
  /** Since its last pass that had the lock; null before the first. */
  readonly passAgeMs: number | null;
  /** How far its wall clock is ahead of the database's; null before it has compared them. */
  readonly clockSkewMs: number | null;
  readonly redis: 'up' | 'down' | 'none';
  readonly state: ReadinessState;
  /** Why it is not ready. */
  readonly reason?: string;
  /** How long ago each check was last seen to work there; what does not work is left out. */
  readonly health: Readonly<Partial<Record<CheckName, number>>>;
}
