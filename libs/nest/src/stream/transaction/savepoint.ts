import type { SqlExecutor } from '../sql-database.port.js';
import { aborted } from '../stream-errors.js';

/**
 * Runs `work` behind a savepoint of that name and goes back to it when `work` rejects.
 *
 * @throws CodedError TRANSACTION_ABORTED when a statement of `work` had failed and its error was swallowed
 */
export async function inSavepoint<T>(executor: SqlExecutor, name: string, work: () => Promise<T>): Promise<T> {
  await executor.query(`savepoint ${name}`, []);
  try {
    const result = await work();
    await release(executor, name);
    return result;
  } catch (error) {
    await rollBack(executor, name);
    throw error;
  }
}

async function release(executor: SqlExecutor, name: string): Promise<void> {
  try {
    await executor.query(`release savepoint ${name}`, []);
  } catch (error) {
    throw aborted(error);
  }
}

/** Where that fails, the transaction is over or lost: its COMMIT says so, and what `work` failed with is told here. */
async function rollBack(executor: SqlExecutor, name: string): Promise<void> {
  try {
    await executor.query(`rollback to savepoint ${name}`, []);
    await executor.query(`release savepoint ${name}`, []);
  } catch {
    // The server takes no COMMIT behind it.
  }
}
