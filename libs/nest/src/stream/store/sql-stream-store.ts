import type { ChannelName, Position } from '@millrace/protocol';
import type { Clock } from '../../core/clock.js';
import type { DatabaseClock } from '../../core/database-clock.js';
import type { PageLimits } from '../../core/page.js';
import type { NewEvent } from '../../core/stream-event.js';
import type { Recorder } from '../../telemetry/recorder.js';
import { migrate } from '../migrations/migrate.js';
import { quoted } from '../migrations/migration.js';
import type { Backlog } from '../backlog.js';
import { Partitions } from '../partitions.js';
import { retentionOf } from '../retention.js';
import type { SqlDatabase, SqlExecutor } from '../sql-database.port.js';
import { StreamGauges } from '../stream-gauges.js';
import type { StreamOptions } from '../stream.options.js';
import type { HistoryPage, LogDigest, LogPosition, PassResult, Staged, StreamStore } from '../stream-store.port.js';
import { checkServer } from './server-check.js';
import { selectHistory, toPage } from './history.js';
import { selectDigest, selectHead, selectLogEnd } from './log.js';
import { PassRunner } from './pass-runner.js';
import { mendHeads } from './mend-heads.js';
import { insertStaged, selectStaged } from './stage.js';

export interface SqlStreamStoreParts {
  readonly database: SqlDatabase;
  readonly options: StreamOptions;
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** Is told the database's time whenever a statement brings it. */
  readonly databaseClock?: DatabaseClock;
  /** Is told whether staged events are taken. */
  readonly backlog?: Backlog;
  /** Repeats a step of the start while the database is away. @defaultValue each is done once */
  readonly until?: <T>(step: () => Promise<T>) => Promise<T>;
}

/** Where tests plant faults: another function of the schema in place of the real one. */
export interface StoreSeams {
  readonly passFunction?: string;
}

/** The stream in PostgreSQL, on a server or embedded. The database stays the caller's to stop. */
export class SqlStreamStore implements StreamStore {
  readonly #schema: string;
  readonly #partitions: Partitions;
  readonly #passes: PassRunner;
  readonly #gauges: StreamGauges;

  constructor(
    private readonly parts: SqlStreamStoreParts,
    seams: StoreSeams = {},
  ) {
    this.#schema = quoted(parts.options.schema);
    this.#partitions = new Partitions({ ...parts, schema: this.#schema });
    this.#gauges = new StreamGauges({ ...parts, schema: this.#schema, intervalMs: parts.options.gaugeIntervalMs });
    this.#passes = new PassRunner({
      ...parts,
      schema: this.#schema,
      passFunction: seams.passFunction ?? 'pass',
      makePartitions: () => this.#partitions.makeMissing(),
    });
  }

  async start(): Promise<void> {
    const { database, options, until = (step) => step() } = this.parts;
    await until(() => checkServer(database.pass));
    await until(() => migrate(database, options.schema));
    await until(() => this.#partitions.start());
    await until(() => mendHeads(database.pass, this.#schema));
    await until(() => this.#passes.start());
    this.#gauges.start();
  }

  async stop(): Promise<void> {
    await this.#gauges.stop();
    await this.#partitions.stop();
  }

  stage(executor: SqlExecutor, event: NewEvent): Promise<Staged> {
    return insertStaged(executor, this.#schema, event);
  }

  staged(executor: SqlExecutor, ids: readonly string[]): Promise<ReadonlySet<string>> {
    return selectStaged(executor, this.#schema, ids);
  }

  pass(direct: readonly NewEvent[], mode: 'wait' | 'try'): Promise<PassResult> {
    return this.#passes.run(direct, mode);
  }

  async history(channel: ChannelName, after: Position | undefined, limits: PageLimits): Promise<HistoryPage> {
    const { database, options } = this.parts;
    const retentionMs = retentionOf(channel, options);
    const query = { schema: this.#schema, channel, after, retentionMs, ...limits };
    return toPage(await selectHistory(database.reader, query), after);
  }

  head(channel: ChannelName): Promise<Position> {
    return selectHead(this.parts.database.reader, this.#schema, channel);
  }

  logEnd(): Promise<LogPosition> {
    return selectLogEnd(this.parts.database.reader, this.#schema);
  }

  digest(after: LogPosition): Promise<LogDigest> {
    return selectDigest(this.parts.database.reader, this.#schema, after);
  }
}
