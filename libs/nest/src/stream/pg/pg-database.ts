import { systemClock, type Clock } from '../../core/clock.js';
import { FairGate } from '../../core/fair-gate.js';
import { inTime } from '../../core/in-time.js';
import { isConnectionLost, isUnfit, sqlState } from '../sql-error.js';
import type { SqlDatabase, SqlExecutor, SqlRow, SqlTransaction } from '../sql-database.port.js';
import { gateWatch } from '../../telemetry/gate.metrics.js';
import { silentRecorder, type Recorder } from '../../telemetry/recorder.js';
import { unavailable } from '../stream-errors.js';
import { AmbientScope } from '../transaction/ambient.js';
import { KeptConnection } from './kept-connection.js';
import { PgBeginning } from './pg-beginning.js';
import { PgConnection } from './pg-connection.js';
import { connectionShares, type ConnectionShares } from './connection-shares.js';
import { createPool, type PgPool } from './pg-pool.js';
import { LineLogger } from '../../core/log/line-logger.js';

/**
 * A PostgreSQL server: pools of Millrace's own, or one of the application's.
 *
 * @publicApi
 */
export type PgSource =
  | {
      /** Where it is: `postgres://user:password@host:5432/database`. */
      readonly connectionString: string;
      /**
       * Connections for transactions and statements; five more are for the pass and for reads. Clients share them: one
       * alone has half of them at most, and waits behind its own work for more. Raised: more work of the database at once.
       * Lowered: handlers wait for one another. @defaultValue 10
       */
      readonly maxConnections?: number;
    }
  | {
      /**
       * A `pg.Pool` of at least two connections, for everything; it stays the application's to end, in whatever hook:
       * the connections that are kept go back then. What is published behind that fails. Of its `max`, one connection is
       * for the pass, a third up to four for reads, and the rest for transactions and statements, shared as above.
       */
      readonly pool: PgPool;
    };

export interface PgTimes {
  /** How long a call of the pass may take, in ms. */
  readonly passTimeoutMs: number;
  /** How long the server may work for one read, in ms. */
  readonly historyTimeoutMs: number;
  readonly clock?: Clock;
  readonly recorder?: Recorder;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** For a connection of a pool that has no limit of its own, and for one's turn to have one. */
const MAX_CONNECT_MS = 10_000;
/** By then most of those who were in front have theirs. */
const BUSY_RETRY_AFTER_MS = 500;
/** For a statement outside of transactions. */
const QUERY_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 5_000;
/** How soon a kept connection goes back to a pool that the application ends. */
const END_WATCH_MS = 100;
const QUERY_CANCELED = '57014';
/** A `lock_timeout` of the application's server, and somebody who locks the tables. */
const LOCK_NOT_AVAILABLE = '55P03';
/** What the way to the server and back may take beside its work. */
const SILENCE_MS = 1_000;

interface Pools {
  readonly work: PgPool;
  readonly pass: PgPool;
  readonly read: PgPool;
  readonly owned: readonly PgPool[];
}

interface Read {
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly timeoutMs: number;
}

/** A PostgreSQL server, over pools of its own or one of the application's. */
export class PgDatabase implements SqlDatabase {
  readonly ambient = new AmbientScope();
  readonly pass: KeptConnection;
  readonly reader: SqlExecutor = { query: (sql, params) => this.#read(sql, params) };
  readonly #clock: Clock;
  readonly #pools: Pools;
  readonly #beginning: PgBeginning;
  /** Before the pool, which serves in the order of arrival: one client's slow work would have all of its connections. */
  readonly #gate: FairGate;
  /** Where one pool is for everything, reads leave the rest of it to others. */
  readonly #reads: FairGate;
  #cancelWatch = (): void => {};

  constructor(
    source: PgSource,
    private readonly times: PgTimes,
  ) {
    this.#clock = times.clock ?? systemClock;
    this.#beginning = new PgBeginning(this.#clock);
    const shares = connectionShares(source);
    this.#pools = poolsOf(source, shares);
    this.#gate = new FairGate(
      // Those who wait are commands, policies and the application's own work, which have bounds of their own.
      { concurrency: shares.work, maxWaiting: Infinity, retryAfterMs: BUSY_RETRY_AFTER_MS },
      gateWatch(times.recorder ?? silentRecorder, 'connection'),
    );
    this.#reads = new FairGate({ concurrency: shares.reads, maxWaiting: Infinity, retryAfterMs: BUSY_RETRY_AFTER_MS });
    const { work, pass, read } = this.#pools;
    // Without a listener, a server that restarts ends the process. One that greets a new connection and cuts it in the
    // same breath does so before its client is handed out, when the pool has let go of it and nobody else holds it.
    for (const pool of new Set([work, pass, read])) {
      pool.on('error', () => {});
      pool.on('connect', (client) => void client.on('error', () => {}));
    }
    const connect = () => this.#connect(pass);
    this.pass = new KeptConnection({ timeoutMs: times.passTimeoutMs, clock: this.#clock, connect });
    if (this.#pools.owned.length === 0) this.#watchEnd(work);
  }

  async query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    return this.#on(this.#forWork(), (connection) =>
      connection.within(QUERY_TIMEOUT_MS, this.#clock, () => connection.query(sql, params)),
    );
  }

  async script(sql: string): Promise<void> {
    await this.#on(this.#forWork(), (connection) => connection.command(sql));
  }

  async begin(timeoutMs?: number, signal?: AbortSignal): Promise<SqlTransaction> {
    return this.#beginning.begin(await this.#forWork(signal), timeoutMs);
  }

  async stop(): Promise<void> {
    this.#cancelWatch();
    await this.pass.stop();
    // Whatever still holds a connection by now waits for a server that says nothing.
    await Promise.all(this.#pools.owned.map((pool) => inTime(this.#clock, END_TIMEOUT_MS, pool.end())));
  }

  /**
   * The application may end its pool in any hook of Nest's. `end()` waits for all clients, so the kept one goes back then,
   * or the application would never close. The pool says of its end only when it is asked.
   */
  #watchEnd(pool: PgPool): void {
    this.#cancelWatch = this.#clock.after(END_WATCH_MS, () => {
      if (!pool.ending) return this.#watchEnd(pool);
      new LineLogger().warn(
        'The pool of `postgres: { pool }` is ended before Millrace has stopped: what is published from now on fails. ' +
          'End it in onApplicationShutdown() of a module that MillraceModule is imported before, or after app.close()',
      );
      this.pass.release();
    });
  }

  /**
   * In a transaction, because only `set local` is safe behind a pooler that shares server connections. A network that
   * swallows everything is no server that gives up: then the connection goes, a little later.
   */
  async #read(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    const timeoutMs = Math.trunc(this.times.historyTimeoutMs);
    const read = (connection: PgConnection) =>
      connection.within(timeoutMs + SILENCE_MS, this.#clock, () =>
        this.#readOn(connection, { sql, params, timeoutMs }),
      );
    return this.#reads.run(Symbol('read'), () => this.#on(this.#connect(this.#pools.read), read, LOCK_NOT_AVAILABLE));
  }

  async #readOn(connection: PgConnection, { sql, params, timeoutMs }: Read): Promise<readonly SqlRow[]> {
    await connection.command(`begin read only; set local statement_timeout = ${timeoutMs}`);
    try {
      return await connection.query(sql, params);
    } finally {
      await connection.command('commit');
    }
  }

  /** Pools of Millrace's own have a limit; one of the application may have none. */
  #connect(pool: PgPool): Promise<PgConnection> {
    if (this.#pools.owned.length > 0) return PgConnection.from(pool);
    return PgConnection.inTime(pool, this.#clock, MAX_CONNECT_MS);
  }

  /** A connection for work, when it is the turn of whom the work counts against. */
  async #forWork(signal?: AbortSignal): Promise<PgConnection> {
    const within = { clock: this.#clock, timeoutMs: MAX_CONNECT_MS };
    const leave = await this.#gate.take(this.ambient.payer(), { signal, within });
    try {
      const connection = await this.#connect(this.#pools.work);
      connection.whenEnded(leave);
      return connection;
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #on<T>(
    connecting: Promise<PgConnection>,
    work: (connection: PgConnection) => Promise<T>,
    passing?: string,
  ): Promise<T> {
    const connection = await connecting;
    try {
      const result = await work(connection);
      connection.release();
      return result;
    } catch (error) {
      const isAway = isConnectionLost(error) || isUnfit(error);
      if (isAway) connection.destroy();
      else connection.release();
      const isPassing = isAway || [QUERY_CANCELED, passing].includes(sqlState(error) ?? '');
      throw isPassing ? unavailable(error) : error;
    }
  }
}

function poolsOf(source: PgSource, shares: ConnectionShares): Pools {
  if ('pool' in source) return { work: source.pool, pass: source.pool, read: source.pool, owned: [] };
  const common = { connectionString: source.connectionString, connectTimeoutMs: CONNECT_TIMEOUT_MS };
  // Neither the pass nor those who come back wait in line behind the transactions of this node.
  const work = createPool({ ...common, max: shares.work });
  const pass = createPool({ ...common, max: 1 });
  const read = createPool({ ...common, max: shares.reads });
  return { work, pass, read, owned: [work, pass, read] };
}
