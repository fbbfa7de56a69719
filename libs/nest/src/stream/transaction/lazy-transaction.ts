import type { SqlDatabase, SqlExecutor, SqlRow, SqlTransaction } from '../sql-database.port.js';
import { HandleStatements } from './handle-statements.js';

/** A transaction that begins with its first query. */
export class LazyTransaction implements SqlExecutor {
  readonly #statements = new HandleStatements();
  #opening: Promise<SqlTransaction> | undefined;

  constructor(
    private readonly database: SqlDatabase,
    private readonly timeoutMs: number | undefined,
  ) {}

  query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    return this.#statements.run(async () => (await this.#open()).query(sql, params));
  }

  /** Refuses new queries. Resolves when those in flight are done; `undefined` when there are none. */
  close(): Promise<unknown> | undefined {
    return this.#statements.end();
  }

  /** `undefined` when there is nothing to commit. */
  commit(): Promise<void> | undefined {
    const done = this.close();
    return this.#opening && this.#commit(this.#opening, done);
  }

  async rollback(): Promise<void> {
    void this.close();
    const transaction = await this.#opening?.catch(() => undefined);
    await transaction?.rollback();
  }

  async #commit(opening: Promise<SqlTransaction>, done: Promise<unknown> | undefined): Promise<void> {
    await done;
    await (await opening).commit();
  }

  #open(): Promise<SqlTransaction> {
    this.#opening ??= this.database.begin(this.timeoutMs);
    return this.#opening;
  }
}
