import type { Clock } from '../../core/clock.js';
import { inTime, LATE } from '../../core/in-time.js';
import { Rounds } from '../../core/rounds.js';
import { quoted } from '../../stream/migrations/migration.js';
import type { SqlDatabase, SqlExecutor, SqlRow } from '../../stream/sql-database.port.js';
import type { HealthReport } from '../proof.js';
import { canaryNames, nodeOf, type CanaryData } from './canary-channel.js';

export interface CanaryLogParts {
  readonly database: Pick<SqlDatabase, 'reader' | 'pass' | 'query'>;
  readonly schema: string;
  /** This node, which learns nothing from itself. */
  readonly node: string;
  readonly clock: Clock;
}

/** What a node said of itself in the log. */
export interface LoggedReport {
  readonly node: string;
  readonly health: HealthReport;
}

const READ_TIMEOUT_MS = 1_000;
const PRUNE_INTERVAL_MS = 3_600_000;
/** A node that was away for less finds the place where it stopped to read the log. */
const KEPT = `interval '1 day'`;

/**
 * The canaries of all nodes in the log: they tell how the others are where no question reaches them, and go after a day,
 * whatever the retention of events.
 */
export class CanaryLog {
  readonly #schema: string;
  readonly #prunes: Rounds;

  constructor(private readonly parts: CanaryLogParts) {
    this.#schema = quoted(parts.schema);
    this.#prunes = new Rounds(parts.clock, PRUNE_INTERVAL_MS, () => this.prune());
  }

  start(): void {
    this.#prunes.start();
  }

  stop(): Promise<void> {
    return this.#prunes.stop();
  }

  /**
   * What the other nodes said within the last half minute. Over two connections at once: it is asked when something is
   * broken, and the one for reads may be of the pool that is exhausted, the one of the pass may be what hangs. Nothing
   * where neither answers.
   */
  async reports(): Promise<readonly LoggedReport[]> {
    const { clock, database, node } = this.parts;
    const reading = Promise.any([this.#read(database.reader), this.#read(database.pass)]).catch(() => []);
    const rows = await inTime(clock, READ_TIMEOUT_MS, reading);
    return rows === LATE ? [] : rows.map(reportIn).filter((report) => report.node !== node);
  }

  /** Deletes what is older than a day: only nodes that read the log more rarely would miss their place in it. */
  async prune(): Promise<void> {
    const { database } = this.parts;
    const { from, to } = canaryNames;
    await database.query(
      `delete from ${this.#schema}.event where channel >= $1::text and channel < $2::text and ts < now() - ${KEPT}`,
      [from, to],
    );
    await database.query(
      `delete from ${this.#schema}.channel where name >= $1::text and name < $2::text and last_ts < now() - 2 * ${KEPT}`,
      [from, to],
    );
  }

  #read(executor: SqlExecutor): Promise<readonly SqlRow[]> {
    return executor.query(
      `select c.name, e.data, (extract(epoch from clock_timestamp() - e.ts) * 1000)::float8 as age
from ${this.#schema}.channel c cross join lateral (
  select l.data, l.ts from ${this.#schema}.event l
  where l.channel = c.name and l.epoch = c.epoch and l."offset" = c.head and l.ts > now() - interval '1 minute' limit 1
) e
where c.name >= $1::text and c.name < $2::text and c.last_ts > now() - interval '30 seconds'`,
      [canaryNames.from, canaryNames.to],
    );
  }
}

/** Another release may have written it. */
function reportIn({ name, data, age }: SqlRow): LoggedReport {
  const { health } = Object(JSON.parse(String(data))) as Partial<CanaryData>;
  const older = Object.entries(health ?? {}).map(([check, ageMs]) => [check, Number(ageMs) + Math.max(0, Number(age))]);
  return { node: nodeOf(String(name)), health: Object.fromEntries(older) as HealthReport };
}
