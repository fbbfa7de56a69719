import { CodedError } from '../../core/coded-error.js';
import type { SqlDatabase, SqlExecutor, SqlRow, SqlTransaction } from '../sql-database.port.js';
import type { AmbientScope } from '../transaction/ambient.js';

/** A database whose connection for the pass breaks, as long as it is told to, between a commit and its answer. */
export class LostAnswers implements SqlDatabase {
  losing = false;
  readonly ambient: AmbientScope;
  readonly reader: SqlExecutor;
  readonly pass: SqlExecutor;

  constructor(private readonly inner: SqlDatabase) {
    this.ambient = inner.ambient;
    this.reader = inner.reader;
    this.pass = {
      query: async (sql, params) => {
        const rows = await inner.pass.query(sql, params);
        if (this.losing) throw new CodedError('STREAM_UNAVAILABLE', { outcome: 'unknown' });
        return rows;
      },
    };
  }

  query(sql: string, params: readonly unknown[]): Promise<readonly SqlRow[]> {
    return this.inner.query(sql, params);
  }

  begin(timeoutMs?: number): Promise<SqlTransaction> {
    return this.inner.begin(timeoutMs);
  }

  script(sql: string): Promise<void> {
    return this.inner.script(sql);
  }

  /** The inner one stays its owner's to stop. */
  async stop(): Promise<void> {}
}
