/**
 * Numbers of the hub, resolved.
 *
 * @publicApi
 */
export interface HubOptions {
  /**
   * How long a hole may wait for the missing message before it is read from the log, in ms. Raised: after a lost
   * message events come later. Lowered: messages that are merely swapped cause reads. @defaultValue 50
   */
  readonly holdMs: number;
  /**
   * Bytes of events of one channel that may wait behind a hole; more are let go and read again. Raised: more memory
   * while the log is slow. @defaultValue 262144
   */
  readonly maxHeldBytes: number;
  /**
   * Largest hole that the hub fills for all, in events; behind a larger one each subscriber pages for itself. Raised:
   * one hole can put a large burst on every socket. Lowered: short outages send all subscribers to history.
   * @defaultValue 1000
   */
  readonly repairMaxEvents: number;
  /** The same bound in bytes. @defaultValue 1048576 */
  readonly repairMaxBytes: number;
  /**
   * Bytes of events of all channels that may wait until this node has carried out a withdrawal of access that was
   * numbered before them; more are dropped and read again. Raised: more memory while the log is slow.
   * @defaultValue 16777216
   */
  readonly maxGuardedBytes: number;
  /**
   * How long an answer from the log may wait for that, in ms; then it is `BUSY`. Raised: subscribers wait longer while
   * the log is slow. Lowered: more of them ask again. @defaultValue 2000
   */
  readonly accessTimeoutMs: number;
  /** Holes that are read from the log at once. @defaultValue 4 */
  readonly repairConcurrency: number;
  /** Longest wait before a hole that could not be read is tried again, in ms. @defaultValue 5000 */
  readonly repairRetryMaxMs: number;
  /**
   * Time between two looks into the log for what the broker lost, in ms. Raised: a lost last message comes later.
   * Lowered: more queries. Minimum 50. On a PostgreSQL server without Redis these looks are how a node hears of what the
   * others numbered, and the default is 100. @defaultValue 500
   */
  readonly digestIntervalMs: number;
  /**
   * How long a channel is followed after its last subscriber has left, in ms. Lowered: a subscriber who comes right
   * back costs another read and another subscription at the broker. @defaultValue 10000
   */
  readonly lingerMs: number;
  /** Channels that may be followed without a subscriber; beyond, the longest idle ones are let go. @defaultValue 1000 */
  readonly maxLingeringChannels: number;
  /**
   * How long the first subscriber of a channel waits for the broker, in ms; then the log digest stands in for it.
   * @defaultValue 1000
   */
  readonly brokerTimeoutMs: number;
  /** Bytes of events after which a frame leaves within the tick. Raised: larger frames in a burst. @defaultValue 262144 */
  readonly frameMaxBytes: number;
  /** Bytes of recent events that this node keeps for those who come back. @defaultValue 16777216 */
  readonly recentMaxBytes: number;
  /** The part of it that one channel may take. @defaultValue 1048576 */
  readonly recentMaxChannelBytes: number;
  /**
   * How long a recent event is kept, in ms. Raised: events can be replayed that much longer than their retention.
   * @defaultValue 60000
   */
  readonly recentMaxAgeMs: number;
  /**
   * Reads of the log for subscribers that run at once, pages and heads of channels; one client has half of them at most.
   * Raised above 4: they wait for the four connections for reads. Lowered: reconnecting clients wait longer.
   * @defaultValue 4
   */
  readonly readConcurrency: number;
  /** Subscribers that may wait for such a read, half of them of one client; the next one gets `BUSY`. @defaultValue 10000 */
  readonly maxWaitingReads: number;
  /** When those come back, in ms. @defaultValue 500 */
  readonly busyRetryAfterMs: number;
}

/** Where no broker comes from other nodes. */
export const logOnlyHubOptions: Pick<HubOptions, 'digestIntervalMs'> = { digestIntervalMs: 100 };

export const defaultHubOptions: HubOptions = {
  holdMs: 50,
  maxHeldBytes: 262_144,
  repairMaxEvents: 1_000,
  repairMaxBytes: 1_048_576,
  maxGuardedBytes: 16_777_216,
  accessTimeoutMs: 2_000,
  repairConcurrency: 4,
  repairRetryMaxMs: 5_000,
  digestIntervalMs: 500,
  lingerMs: 10_000,
  maxLingeringChannels: 1_000,
  brokerTimeoutMs: 1_000,
  frameMaxBytes: 262_144,
  recentMaxBytes: 16_777_216,
  recentMaxChannelBytes: 1_048_576,
  recentMaxAgeMs: 60_000,
  readConcurrency: 4,
  maxWaitingReads: 10_000,
  busyRetryAfterMs: 500,
};
