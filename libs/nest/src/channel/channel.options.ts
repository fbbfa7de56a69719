/**
 * Bounds of subscribing, resolved.
 *
 * @publicApi
 */
export interface ChannelOptions {
  /**
   * Policy calls that run at once on this node; one client has half of them at most. Raised: a reconnect storm puts more
   * load on what policies ask. Lowered: it takes longer. @defaultValue 64
   */
  readonly policyConcurrency: number;
  /** Policy calls that may wait, half of them of one client; the next one gets `BUSY`. @defaultValue 10000 */
  readonly maxWaitingPolicyCalls: number;
  /** How long one policy call may take, in ms, before it is given up with `BUSY`. @defaultValue 5000 */
  readonly policyTimeoutMs: number;
  /** When whoever got `BUSY` comes back, in ms. @defaultValue 500 */
  readonly busyRetryAfterMs: number;
  /**
   * Most events in one answer to a subscription. Raised: larger answers. Lowered: more round trips for those who were
   * away. @defaultValue 500
   */
  readonly pageMaxEvents: number;
  /**
   * Most bytes of events in one answer, shared by the items of its frame. An item gets at least one event; those that
   * would make the answer larger get `BUSY`, and the SDK asks for them again.
   * @defaultValue 262144
   */
  readonly pageMaxBytes: number;
  /**
   * Over how long the subscribers of a channel are told to come back when more is missing than the hub repairs, in ms.
   * Lowered: they page through history all at once. @defaultValue 2000
   */
  readonly lagSpreadMs: number;
}

export const defaultChannelOptions: ChannelOptions = {
  policyConcurrency: 64,
  maxWaitingPolicyCalls: 10_000,
  policyTimeoutMs: 5_000,
  busyRetryAfterMs: 500,
  pageMaxEvents: 500,
  pageMaxBytes: 262_144,
  lagSpreadMs: 2_000,
};
