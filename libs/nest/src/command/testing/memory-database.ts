import { CodedError } from '../../core/coded-error.js';
import type { SqlDatabase, SqlExecutor, SqlRow, SqlTransaction } from '../../stream/sql-database.port.js';
import { AmbientScope } from '../../stream/transaction/ambient.js';

/** A database that knows one statement: it keeps the parameters, and shows them once they are committed. */
export class MemoryDatabase implements SqlDatabase {
  readonly ambient = new AmbientScope();
  readonly rows: unknown[] = [];
  begun = 0;
  open = 0;
  /** Stands before each COMMIT; what it throws is what COMMIT answers. */
  beforeCommit: () => Promise<void> = () => Promise.resolve();
  /** The rows are kept by now; what it throws is what COMMIT answers. */
  afterCommit: () => Promise<void> = () => Promise.resolve();
  beforeRollback: () => Promise<void> = () => Promise.resolve();
  readonly pass: SqlExecutor = this;
  readonly reader: SqlExecutor = this;

  begin(): Promise<SqlTransaction> {
    this.begun++;
    this.open++;
    return Promise.resolve(new MemoryTransaction(this));
  }

  query(_sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    this.rows.push(...params);
    return Promise.resolve([]);
  }

  script(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

class MemoryTransaction implements SqlTransaction {
  #written: unknown[] | undefined = [];

  constructor(private readonly database: MemoryDatabase) {}

  async query(_sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    if (!this.#written) throw new CodedError('TRANSACTION_ENDED');
    this.#written.push(...params);
    return [];
  }

  async script(): Promise<void> {
    if (!this.#written) throw new CodedError('TRANSACTION_ENDED');
  }

  async commit(): Promise<void> {
    const written = this.#written ?? [];
    this.#written = undefined;
    try {
      await this.database.beforeCommit();
      this.database.rows.push(...written);
      await this.database.afterCommit();
    } finally {
      this.database.open--;
    }
  }

  async rollback(): Promise<void> {
    if (!this.#written) return;
    this.#written = undefined;
    await this.database.beforeRollback();
    this.database.open--;
  }
}
