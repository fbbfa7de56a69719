import { AsyncLocalStorage } from 'node:async_hooks';
import type { PGlite } from '@electric-sql/pglite';
import { BootError } from '../../core/boot-error.js';
import type { SqlDatabase, SqlExecutor, SqlRow, SqlTransaction } from '../sql-database.port.js';
import { AmbientScope } from '../transaction/ambient.js';
import { FairGate } from '../../core/fair-gate.js';
import { OneAtATime } from '../../core/one-at-a-time.js';
import { PgliteTransaction } from './pglite-transaction.js';

/**
 * The embedded database, for demos and tests.
 *
 * @publicApi
 */
export interface PgliteDatabaseOptions {
  /** Folder of the database; without one it lives in memory and dies with the process. @defaultValue in memory */
  readonly dataDir?: string;
}

/**
 * The embedded database: one connection. Whoever comes while a transaction is open waits for its end; only the code
 * inside that transaction would wait for ever, so it is refused at once.
 */
export class PgliteDatabase implements SqlDatabase {
  readonly ambient = new AmbientScope();
  readonly #turns = new OneAtATime();
  /** One transaction in line at a time, the clients' in turn: the pass waits for one of them, and not for all. */
  readonly #gate = new FairGate({ concurrency: 1, maxWaiting: Infinity, retryAfterMs: 0 });
  readonly #within = new AsyncLocalStorage<PgliteTransaction>();
  readonly #ofUnit = new WeakMap<object, PgliteTransaction>();
  #opening: Promise<PGlite> | undefined;

  /** Never part of a transaction, and nothing inside one waits for it, so it may always stand in line. */
  readonly pass: SqlExecutor = { query: (sql, params) => this.#inTurn((lite) => run(lite, sql, params)) };
  readonly reader: SqlExecutor = this;

  constructor(private readonly options: PgliteDatabaseOptions = {}) {}

  async query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    this.#refuseWithin();
    return this.#inTurn((lite) => run(lite, sql, params));
  }

  async script(sql: string): Promise<void> {
    this.#refuseWithin();
    await this.#inTurn((lite) => lite.exec(sql));
  }

  begin(_timeoutMs?: number, signal?: AbortSignal): Promise<SqlTransaction> {
    const transaction = new PgliteTransaction();
    try {
      this.#refuseWithin();
    } catch (error) {
      return Promise.reject(error);
    }
    this.#mark(transaction);
    return this.#open(transaction, signal);
  }

  async stop(): Promise<void> {
    const opening = this.#opening;
    if (!opening) return;
    await this.#turns.run(async () => (await opening).close());
  }

  async #open(transaction: PgliteTransaction, signal?: AbortSignal): Promise<SqlTransaction> {
    const leave = await this.#gate.take(this.ambient.payer(), { signal }).catch((error: unknown) => {
      transaction.ended();
      throw error;
    });
    const endTurn = await this.#turns.take();
    const release = (): void => {
      endTurn();
      leave();
    };
    try {
      const lite = await this.#lite();
      await lite.exec('begin');
      transaction.opened({ query: (sql, params) => run(lite, sql, params), script: (sql) => lite.exec(sql) }, release);
      return transaction;
    } catch (error) {
      transaction.ended();
      release();
      throw error;
    }
  }

  #inTurn<T>(work: (lite: PGlite) => Promise<T>): Promise<T> {
    return this.#turns.run(async () => work(await this.#lite()));
  }

  /**
   * Two marks, because neither reaches everywhere. A context is inherited downwards only: what a repository begins is not
   * seen by the handler that called it, but the unit of work is known to both. Outside a command there is no unit.
   */
  #mark(transaction: PgliteTransaction): void {
    const unit = this.ambient.current()?.unit;
    if (unit) this.#ofUnit.set(unit, transaction);
    this.#within.enterWith(transaction);
  }

  #refuseWithin(): void {
    const unit = this.ambient.current()?.unit;
    const open = [unit && this.#ofUnit.get(unit), this.#within.getStore()].some((transaction) => transaction?.isOpen);
    if (!open) return;
    throw new Error(
      'The embedded database has one connection, and the transaction of this very code holds it: ' +
        'run the query with the handle of the transaction, or use a PostgreSQL server',
    );
  }

  #lite(): Promise<PGlite> {
    this.#opening ??= load(this.options);
    return this.#opening;
  }
}

async function load({ dataDir }: PgliteDatabaseOptions): Promise<PGlite> {
  const { PGlite } = await import('@electric-sql/pglite').catch((error: unknown) => {
    throw new BootError('The embedded database needs @electric-sql/pglite: run `npm install @electric-sql/pglite`', {
      cause: error,
    });
  });
  return PGlite.create(dataDir === undefined ? {} : { dataDir });
}

async function run(lite: PGlite, sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
  const { rows } = await lite.query<SqlRow>(sql, [...params]);
  return rows;
}
