import type { Clock } from '../core/clock.js';
import type { Recorder } from '../telemetry/recorder.js';
import type { SqlDatabase } from './sql-database.port.js';
import { backlogAgeSeconds, backlogEvents, oldestXminAge } from './stream.metrics.js';

export interface StreamGaugesParts {
  readonly database: SqlDatabase;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly schema: string;
  readonly intervalMs: number;
}

/** Reads off the database, every so often, what no pass can tell: what waits, and what holds dead rows in place. */
export class StreamGauges {
  #cancel = (): void => {};
  #reading: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly parts: StreamGaugesParts) {}

  start(): void {
    this.#schedule();
  }

  /** Waits for a reading that runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#reading;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#cancel = this.parts.clock.after(this.parts.intervalMs, () => {
      // A gauge that cannot be read keeps its value; that the database is away is told by the passes.
      this.#reading = this.#read().then(
        () => this.#schedule(),
        () => this.#schedule(),
      );
    });
  }

  async #read(): Promise<void> {
    const { database, recorder, schema } = this.parts;
    const [row] = await database.reader.query(
      `select count(*)::int as events, coalesce(extract(epoch from now() - min(staged_at)), 0)::float8 as age_seconds,
  (select coalesce(max(age(a.backend_xmin)), 0)::int from pg_stat_activity a) as xmin_age
from (
  select o.staged_at from ${schema}.outbox o
  where o.seq >= (select b.bound from ${schema}.staged_bound b) order by o.seq limit 100000
) waiting`,
      [],
    );
    recorder.set(backlogEvents, {}, Number(row?.['events']));
    recorder.set(backlogAgeSeconds, {}, Math.max(0, Number(row?.['age_seconds'])));
    recorder.set(oldestXminAge, {}, Number(row?.['xmin_age']));
  }
}
