/**
 * Numbers of the stream, resolved.
 *
 * @publicApi
 */
export interface StreamOptions {
  /**
   * PostgreSQL schema that holds the stream, alone. Each schema is a log of its own with its own write scale.
   * Lower-case letters, digits and `_`, 40 characters at most. @defaultValue `'millrace'`
   */
  readonly schema: string;
  /**
   * Most events that one transaction may publish. Raised: one transaction keeps the events of others waiting longer.
   * Minimum 1. @defaultValue 1000
   */
  readonly maxEventsPerTransaction: number;
  /**
   * Largest data of one event, in bytes of JSON, 1048576 at most. Raised: fewer events fit into the buffers that are
   * bounded in bytes. @defaultValue 65536
   */
  readonly maxEventBytes: number;
  /** Deepest nesting of an event's data. Raised: recursive code of subscribers needs more stack. @defaultValue 32 */
  readonly maxDepth: number;
  /** Most values in an event's data. Raised: encoding one event can block the event loop longer. @defaultValue 10000 */
  readonly maxNodes: number;
  /**
   * Events published outside a transaction that may wait for their offset on this node; the next one gets
   * `OVERLOADED`. Raised: more memory, longer waits. Lowered: short bursts are refused. @defaultValue 10000
   */
  readonly maxWaitingPublishes: number;
  /**
   * Bytes that may wait in this process, all together: published events for their pass, events behind holes, and what
   * clients have not read. One kind alone has half of them. Beyond it a publish gets `OVERLOADED`, what is behind a hole is
   * read again later, and those clients are cut for whom the most waits. Raised: more memory, so keep it below a quarter
   * of the container's. Lowered: slow clients are cut sooner. @defaultValue 134217728 (128 MiB)
   */
  readonly maxBufferedBytes: number;
  /**
   * How long such an event is tried again while the database does not answer, in ms; then `STREAM_UNAVAILABLE`.
   * Lowered: a failover of the database reaches the callers. @defaultValue 10000
   */
  readonly publishTimeoutMs: number;
  /**
   * Most staged events, and most direct ones, that one pass numbers. Raised: the lock is held longer, so that other
   * nodes wait. Lowered: more round trips for a backlog. Minimum 1. @defaultValue 1000
   */
  readonly passMaxEvents: number;
  /** Most bytes of data that one pass numbers, at least one event. @defaultValue 4194304 */
  readonly passMaxBytes: number;
  /**
   * How long the call of a pass may take, in ms, before its connection is given up. Lowered: a slow disk is taken for
   * a dead server. @defaultValue 10000
   */
  readonly passTimeoutMs: number;
  /**
   * Time between two looks for staged events that nobody announced, in ms. Raised: events of other programs, and those
   * of a node that died, come later. Lowered: more idle queries. Maximum 1000. @defaultValue 500
   */
  readonly pollIntervalMs: number;
  /**
   * How long a publish in a transaction of one's own is looked for in short steps, in ms; after that the poll finds
   * it. Raised: a roll-back costs more idle passes. @defaultValue 2000
   */
  readonly seekTimeoutMs: number;
  /**
   * How long events are kept, in ms; whole days are dropped at once. Minimum 60000, maximum a century.
   * @defaultValue 604800000 (7 days)
   */
  readonly retentionMs: number;
  /**
   * Other retentions by channel pattern, such as `{ 'desk.:airport': 3_600_000 }`, in ms; the first pattern that matches
   * counts. A shorter one hides events before their day is dropped, a longer one keeps the days of all channels.
   * @defaultValue `{}`
   */
  readonly channelRetentionMs: Readonly<Record<string, number>>;
  /** How far ahead daily partitions are made, in days. Lowered below 2: one failed night stops the stream. @defaultValue 7 */
  readonly partitionsAheadDays: number;
  /** Time between two rounds of partition care, in ms. @defaultValue 600000 */
  readonly careIntervalMs: number;
  /** Time between two readings of the gauges of backlog and snapshot age, in ms. @defaultValue 10000 */
  readonly gaugeIntervalMs: number;
  /**
   * How far the clock of this host and that of the database may be apart, in ms, before the node says so, and leaves the
   * load balancer where its authenticator does not forgive that much. Raised: good tokens are refused, and expired ones
   * accepted, for longer. Minimum 1000. @defaultValue 10000
   */
  readonly maxClockSkewMs: number;
  /**
   * How long the start of a process waits for a database that is away, in ms, before the boot fails; 0 does not wait. It
   * fails at once for what no waiting changes, such as a wrong password. Raised: a wrong address is noticed later.
   * Lowered: a deploy during a failover of the database becomes a crash loop. @defaultValue 120000
   */
  readonly bootTimeoutMs: number;
  /** How long the database may take for one page of history, in ms; not on PGlite. @defaultValue 5000 */
  readonly historyTimeoutMs: number;
}

export const defaultStreamOptions: StreamOptions = {
  schema: 'millrace',
  maxEventsPerTransaction: 1_000,
  maxEventBytes: 65_536,
  maxDepth: 32,
  maxNodes: 10_000,
  maxWaitingPublishes: 10_000,
  maxBufferedBytes: 134_217_728,
  publishTimeoutMs: 10_000,
  passMaxEvents: 1_000,
  passMaxBytes: 4_194_304,
  passTimeoutMs: 10_000,
  pollIntervalMs: 500,
  seekTimeoutMs: 2_000,
  retentionMs: 7 * 86_400_000,
  channelRetentionMs: {},
  partitionsAheadDays: 7,
  careIntervalMs: 600_000,
  gaugeIntervalMs: 10_000,
  maxClockSkewMs: 10_000,
  bootTimeoutMs: 120_000,
  historyTimeoutMs: 5_000,
};
