/** How a node is: it works, it works with a fault that leaving the load balancer would not help, or it must leave it. */
export type ReadinessState = 'ready' | 'degraded' | 'unready';

/** Names of the checks; a closed set, because each is a label of a metric. */
export const checkNames = ['drain', 'stream', 'hub', 'redis', 'delivery', 'clock', 'refusals'] as const;
export type CheckName = (typeof checkNames)[number];

/** Numbers and words for `/health/details`. */
export type Facts = Readonly<Record<string, number | string>>;

interface Good {
  readonly kind: 'good';
  /** How long ago it was last seen to work. 0 for what is known at once. @defaultValue 0 */
  readonly ageMs?: number;
  readonly facts?: Facts;
}

/** What does not work on this node. */
export interface Fault {
  readonly kind: 'fault';
  /** A short sentence for operators: what is broken on this node. */
  readonly reason: string;
  /**
   * `own`: this node is unready, whatever the others say. `shared`: degraded, never unready. `compared`: unready as long
   * as another node is known to be well in the same respect, degraded otherwise.
   */
  readonly scope: 'own' | 'shared' | 'compared';
  /** For how long it has been broken; no longer than that. Only what works elsewhere after its start is a proof. */
  readonly forMs?: number;
  /** Whether the others are asked although the scope does not need it: the check itself listens to what they say. */
  readonly asks?: boolean;
  readonly facts?: Facts;
}

/** What one check finds on this node alone. */
export type Finding = Good | Fault;

/** One thing that must work before a node is given users. Whether its fault is everybody's is found out elsewhere. */
export interface ReadinessCheck {
  readonly name: CheckName;
  /** Cheap, synchronous, without side effects: it is asked every second and at every health request. */
  check(): Finding;
}
