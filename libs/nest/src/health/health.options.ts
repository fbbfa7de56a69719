/**
 * How a node finds out whether it delivers.
 *
 * @publicApi
 */
export interface HealthOptions {
  /**
   * Time between two delivery canaries of a node, in ms: each stages one small event in a transaction like those of
   * commands, and waits to see it emitted. Raised: a broken node is noticed later, within
   * twice the interval and 6 s. Lowered: more transactions and more rows; at 3000 some 33000 a day and node, kept for a
   * day. Minimum 500; 0 switches the canary off, and readiness is told by the passes alone. @defaultValue 3000
   */
  readonly canaryIntervalMs: number;
  /**
   * How long a canary may take, in ms; after that delivery counts as broken. Raised: a broken node is noticed later.
   * Lowered: a short pause of the database looks like a fault. @defaultValue 2000
   */
  readonly canaryTimeoutMs: number;
}

export const defaultHealthOptions: HealthOptions = { canaryIntervalMs: 3_000, canaryTimeoutMs: 2_000 };
