import type { SqlExecutor } from '../sql-database.port.js';
import { LineLogger } from '../../core/log/line-logger.js';

/** Events at the end of the log that are compared with the heads of their channels. */
const NEWEST = 100_000;

/** Tells subscribers of channels whose heads were restored to an older state, by giving these channels a new epoch. */
export async function mendHeads(executor: SqlExecutor, schema: string): Promise<void> {
  const [row] = await executor.query(`select ${schema}.mend_heads($1::int) as mended`, [NEWEST]);
  const mended = Number(row?.['mended'] ?? 0);
  if (mended === 0) return;
  new LineLogger().warn(
    `Channels whose head was below their events, and that start anew: ${mended}. Was a part of the database restored?`,
  );
}
