/** Of `session`: what of it bounds a connection. */
export interface FrameOptions {
  readonly framesPerSecond: number;
  readonly frameBurst: number;
}

/**
 * What one subject may, over all its sessions. Each is counted on its node, but for connects, which with Redis are counted
 * over all nodes.
 *
 * @publicApi
 */
export interface SubjectLimits {
  /**
   * Sessions of one subject that a node has at once. Raised: one user, or one stolen token, holds more memory.
   * Lowered: users with many tabs and devices are refused. @defaultValue 100
   */
  readonly maxSessionsPerSubject: number;
  /**
   * Subscriptions of all sessions of one subject on a node. Raised: one user makes a node follow more channels, some
   * 20 KB each. Lowered: many tabs with many channels are refused. @defaultValue 5000
   */
  readonly maxSubscriptionsPerSubject: number;
  /**
   * How often one subject may connect in a minute, reconnects included. Raised: signatures are checked more often.
   * Lowered: devices on a bad network are refused. @defaultValue 300
   */
  readonly connectsPerMinute: number;
  /**
   * Commands a second of one subject in the long run; ten times as many at once. Raised: one user keeps more handlers
   * busy. Lowered: programs that send much are slowed down. @defaultValue 500
   */
  readonly commandsPerSecond: number;
  /**
   * Subscribes a second of one subject in the long run, twenty times as many at once. Raised: policies are asked more
   * often for one user. Lowered: many tabs that come back together wait. @defaultValue 200
   */
  readonly subscribesPerSecond: number;
  /**
   * Pages of history a second of one subject in the long run, ten times as many at once. Raised: one user has more of the
   * database read. Lowered: long histories load slower. @defaultValue 50
   */
  readonly historyPagesPerSecond: number;
  /**
   * Channels that a node does not follow yet and that one subject makes it follow, in a minute. Raised: invented names cost
   * a node more memory and reads. Lowered: a restore of many channels takes longer. @defaultValue 1000
   */
  readonly newChannelsPerMinute: number;
}

/**
 * Who may ask how much, resolved.
 *
 * @publicApi
 */
export interface LimitOptions extends SubjectLimits {
  /**
   * How many proxies before the nodes add to `X-Forwarded-For`, of which the address is taken that the first of them saw.
   * 0: clients connect directly, and the header is not looked at. `auto`: one proxy when the connection comes from a
   * private network or a Unix socket; without the header nothing is then known of the address, and nothing is counted by
   * it. Too high: clients choose their own address. Too low: all clients of a proxy share one. @defaultValue `auto`
   */
  readonly trustedHops: number | 'auto';
  /**
   * Sessions that a node has at once from one address; of IPv6, from one /64. Raised: one host holds more memory. Lowered:
   * large offices behind one address are refused. @defaultValue 5000
   */
  readonly maxSessionsPerAddress: number;
  /** Sessions that a node has at once. Raised: more memory. Lowered: others have to take them. @defaultValue 20000 */
  readonly maxSessions: number;
  /**
   * How often one address may ask for a session in a minute, before anything is authenticated; it may open twice as many
   * connections. Raised: guessing is cheaper. Lowered: large offices come back slower. @defaultValue 6000
   */
  readonly connectsPerMinutePerAddress: number;
  /**
   * How many may ask a node for a session in a second, in the long run; five times as many at once. Raised: a storm of
   * reconnects delays those that are there. Lowered: it takes longer. @defaultValue 1000
   */
  readonly connectsPerSecond: number;
  /**
   * Other limits for some principals: called with the principal of a session, it returns those that differ. What it
   * throws, and what is no number of at least 1, is logged, and the limits stay. @defaultValue none
   */
  readonly forPrincipal: ((principal: unknown) => Partial<SubjectLimits> | undefined) | undefined;
}

export const defaultLimitOptions: LimitOptions = {
  trustedHops: 'auto',
  maxSessionsPerSubject: 100,
  maxSessionsPerAddress: 5_000,
  maxSessions: 20_000,
  maxSubscriptionsPerSubject: 5_000,
  connectsPerMinute: 300,
  connectsPerMinutePerAddress: 6_000,
  connectsPerSecond: 1_000,
  commandsPerSecond: 500,
  subscribesPerSecond: 200,
  historyPagesPerSecond: 50,
  newChannelsPerMinute: 1_000,
  forPrincipal: undefined,
};
