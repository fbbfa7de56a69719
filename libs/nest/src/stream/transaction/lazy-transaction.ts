import { CodedError } from '../../core/coded-error.js';
import type { SqlDatabase, SqlExecutor, SqlRow, SqlTransaction } from '../sql-database.port.js';
import { HandleStatements } from './handle-statements.js';
import { innermost } from './routed-handle.js';
import type { ScriptExecutor } from './run-script.js';

/** A transaction that begins with its first query. */
export class LazyTransaction implements SqlExecutor {
  /** Past the queue of its unit of work, for what that runs itself. */
  readonly direct: ScriptExecutor = {
    query: (sql, params) => this.#statements.run(async () => (await this.#open()).query(sql, params)),
    script: (sql) => this.#statements.run(async () => (await this.#open()).script(sql)),
  };
  readonly #statements = new HandleStatements();
  /** Made when it is needed: most commands of some applications touch no table. */
  #abort: AbortController | undefined;
  #opening: Promise<SqlTransaction> | undefined;
  #used = false;

  constructor(
    private readonly database: SqlDatabase,
    private readonly timeoutMs: number | undefined,
  ) {}

  /** Whether the application ran a statement with it. */
  get isUsed(): boolean {
    return this.#used;
  }

  query(sql: string, params: readonly unknown[] = []): Promise<readonly SqlRow[]> {
    this.#used = true;
    return (innermost(this.database.ambient, this) ?? this.direct).query(sql, params);
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
    this.#abort?.abort(new CodedError('TRANSACTION_ENDED'));
    const transaction = await this.#opening?.catch(() => undefined);
    await transaction?.rollback();
  }

  async #commit(opening: Promise<SqlTransaction>, done: Promise<unknown> | undefined): Promise<void> {
    await done;
    await (await opening).commit();
  }

  #open(): Promise<SqlTransaction> {
    if (!this.#opening) {
      this.#abort = new AbortController();
      this.#opening = this.database.begin(this.timeoutMs, this.#abort.signal);
    }
    return this.#opening;
  }
}
