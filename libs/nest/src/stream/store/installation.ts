import { quoted } from '../migrations/migration.js';
import type { SqlExecutor } from '../sql-database.port.js';

/** The id of an installation. Its schema was given it once, so all of its nodes know the same. */
export async function installationOf(executor: SqlExecutor, schema: string): Promise<string> {
  const [row] = await executor.query(`select install_id from ${quoted(schema)}.settings`, []);
  if (!row) throw new Error('The settings of the stream are missing');
  return String(row['install_id']);
}
