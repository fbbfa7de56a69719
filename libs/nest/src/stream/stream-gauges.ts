import type { Clock } from '../core/clock.js';
import { Rounds } from '../core/rounds.js';
import type { DatabaseClock } from '../core/database-clock.js';
import type { Recorder } from '../telemetry/recorder.js';
import { DATABASE_MS, sampled } from './clock-sample.js';
import type { SqlDatabase } from './sql-database.port.js';
import type { Backlog } from './backlog.js';
import { backlogAgeSeconds, backlogEvents, oldestXminAge } from './stream.metrics.js';

export interface StreamGaugesParts {
  readonly database: SqlDatabase;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly databaseClock?: DatabaseClock;
  readonly schema: string;
  readonly intervalMs: number;
  /** Is told which event is the oldest that waits. */
  readonly backlog?: Backlog;
}

/** Reads off the database, every so often, what no pass can tell: what waits, what holds dead rows in place, its time. */
export class StreamGauges {
  readonly #readings: Rounds;

  constructor(private readonly parts: StreamGaugesParts) {
    this.#readings = new Rounds(parts.clock, parts.intervalMs, () => this.#read());
  }

  start(): void {
    this.#readings.start();
  }

  /** Waits for a reading that runs. */
  stop(): Promise<void> {
    return this.#readings.stop();
  }

  /** A gauge that cannot be read keeps its value; that the database is away is told by the passes. */
  async #read(): Promise<void> {
    const { database, recorder, schema } = this.parts;
    const [row] = await sampled(this.parts, () =>
      database.reader.query(
        `select count(*)::int as events, coalesce(extract(epoch from now() - min(staged_at)), 0)::float8 as age_seconds,
  min(seq)::text as oldest,
  (select coalesce(max(age(a.backend_xmin)), 0)::int from pg_stat_activity a) as xmin_age,
  ${DATABASE_MS}
from (
  select o.seq, o.staged_at from ${schema}.outbox o
  where o.seq >= (select b.bound from ${schema}.staged_bound b) order by o.seq limit 100000
) waiting`,
        [],
      ),
    );
    const oldest = row?.['oldest'];
    this.parts.backlog?.seen(typeof oldest === 'string' ? oldest : undefined);
    recorder.set(backlogEvents, {}, Number(row?.['events']));
    recorder.set(backlogAgeSeconds, {}, Math.max(0, Number(row?.['age_seconds'])));
    recorder.set(oldestXminAge, {}, Number(row?.['xmin_age']));
  }
}
