import type { SqlExecutor } from '../sql-database.port.js';

/** An executor that has a way of its own for several statements at once. */
export interface ScriptExecutor extends SqlExecutor {
  script(sql: string): Promise<void>;
}

/** Without parameters, drivers of PostgreSQL send a text as it is, so that it may be several statements. */
export async function runScript(executor: SqlExecutor, sql: string): Promise<void> {
  if ('script' in executor) await (executor as ScriptExecutor).script(sql);
  else await executor.query(sql, []);
}
