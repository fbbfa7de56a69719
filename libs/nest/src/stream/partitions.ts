import type { Clock } from '../core/clock.js';
import type { DatabaseClock } from '../core/database-clock.js';
import { Rounds } from '../core/rounds.js';
import type { Recorder } from '../telemetry/recorder.js';
import { DATABASE_MS, sampled } from './clock-sample.js';
import { sqlState } from './sql-error.js';
import type { SqlDatabase } from './sql-database.port.js';
import { longestRetention } from './retention.js';
import { partitionCare, partitionsAhead, partitionsDropped } from './stream.metrics.js';
import type { StreamOptions } from './stream.options.js';

export interface PartitionsParts {
  readonly database: SqlDatabase;
  readonly options: StreamOptions;
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** Learns from the round trips here, the first of which comes before the node takes anybody. */
  readonly databaseClock?: DatabaseClock;
  readonly schema: string;
}

const LOCK_NOT_AVAILABLE = '55P03';
const DROP_ATTEMPTS = 5;
const MAX_KEYS_PER_STATEMENT = 10_000;
/** A clock that was wrong by more than this needs somebody to look at it. */
const MAX_DAYS_AHEAD = 400;

/**
 * Makes the daily partitions ahead of time and drops the ones whose retention has ended. When that is, the database
 * says: this node tells it how long events are kept, and its own time, which can only make it keep them longer.
 */
export class Partitions {
  readonly #rounds: Rounds;

  constructor(private readonly parts: PartitionsParts) {
    this.#rounds = new Rounds(parts.clock, parts.options.careIntervalMs, () => this.#care());
  }

  async start(): Promise<void> {
    await this.make();
    await this.#care();
    this.#rounds.start();
  }

  /** Waits for a round that runs. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async make(): Promise<void> {
    const { database, options, schema } = this.parts;
    await sampled(this.parts, () =>
      database.pass.query(`select ${schema}.make_partitions($1::int), ${DATABASE_MS}`, [options.partitionsAheadDays]),
    );
  }

  /**
   * For an event that found none. The time of a channel never falls, so after the clock of the database was far ahead
   * once, its channels go on in the future, and without a partition there all channels would stand still.
   */
  async makeMissing(): Promise<void> {
    const { database, options, schema } = this.parts;
    await database.pass.query(
      `select ${schema}.make_partitions(greatest($1::int, least($2::int,
  (select (max(last_ts) at time zone 'UTC')::date - (now() at time zone 'UTC')::date + 1 from ${schema}.channel))))`,
      [options.partitionsAheadDays, MAX_DAYS_AHEAD],
    );
  }

  async #care(): Promise<void> {
    const { recorder } = this.parts;
    try {
      await this.make();
      await this.#tellRetention();
      await this.#dropExpired();
      await this.#forgetKeys();
      recorder.set(partitionsAhead, {}, await this.#countAhead());
      recorder.count(partitionCare, { outcome: 'done' });
    } catch {
      // The next round tries again; days pass before a missing partition hurts, and the gauge falls before that.
      recorder.count(partitionCare, { outcome: 'failed' });
    }
  }

  async #dropExpired(): Promise<void> {
    for (let failures = 0; failures < DROP_ATTEMPTS;) {
      try {
        if (!(await this.#dropOne())) return;
        this.parts.recorder.count(partitionsDropped, {});
      } catch (error) {
        // Its lock waits behind a long reader, and everybody else behind the lock: so it waits 200 ms at most.
        if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
        failures++;
      }
    }
  }

  async #dropOne(): Promise<boolean> {
    const { database, options, schema, clock } = this.parts;
    const [row] = await database.query(
      `select ${schema}.drop_expired($1::bigint, to_timestamp($2::float8 / 1000)) as name`,
      [retentionMs(options), clock.now()],
    );
    return row?.['name'] != null;
  }

  /** Nodes of the release before cannot drop more than this allows, whatever their clocks say. */
  async #tellRetention(): Promise<void> {
    const { database, options, schema } = this.parts;
    await database.query(
      `update ${schema}.settings set longest_retention_ms = $1::bigint where longest_retention_ms < $1::bigint`,
      [retentionMs(options)],
    );
  }

  async #forgetKeys(): Promise<void> {
    const { database, options, schema, clock } = this.parts;
    await database.query(
      `delete from ${schema}.publish_key k using (
  select channel, key from ${schema}.publish_key where ts < ${schema}.kept_since($1::bigint, to_timestamp($3::float8 / 1000))
  order by ts limit $2::int
) old where k.channel = old.channel and k.key = old.key`,
      [retentionMs(options), MAX_KEYS_PER_STATEMENT, clock.now()],
    );
  }

  async #countAhead(): Promise<number> {
    const { database, schema } = this.parts;
    const [row] = await database.query(
      `select count(*)::int as ahead from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = to_regclass($1::text)
  and to_date(right(c.relname, 8), 'YYYYMMDD') > (now() at time zone 'UTC')::date`,
      [`${schema}.event`],
    );
    return Number(row?.['ahead'] ?? 0);
  }
}

/** Whole milliseconds, as the functions of the schema take them. */
const retentionMs = (options: StreamOptions): number => Math.ceil(longestRetention(options));
