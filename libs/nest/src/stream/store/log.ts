import type { ChannelName, Position } from '@millrace/protocol';
import type { SqlExecutor } from '../sql-database.port.js';
import type { LogDigest, LogPosition } from '../stream-store.port.js';
import { headIn } from './history.js';

const START: LogPosition = { pos: 0n, id: '' };

export async function selectHead(executor: SqlExecutor, schema: string, channel: ChannelName): Promise<Position> {
  const [row] = await executor.query(
    `select coalesce(c.epoch, f.epoch) as epoch, coalesce(c.head, 0) as head, coalesce(c.last_id, '') as last_id,
  (extract(epoch from c.last_ts) * 1000)::bigint as last_time
from (select ${schema}.first_epoch($1::text) as epoch) f left join ${schema}.channel c on c.name = $1::text`,
    [channel],
  );
  if (!row) throw new Error('The settings of the stream are missing');
  return headIn(row);
}

export async function selectLogEnd(executor: SqlExecutor, schema: string): Promise<LogPosition> {
  const [row] = await executor.query(`select * from ${schema}.log_end()`, []);
  return row ? logPosition(row['end_pos'], row['end_id']) : START;
}

/**
 * `pos` rises in the order of commits, so whoever saw the end has seen all before it. Its cost follows the events that
 * were added, not the channels.
 */
export async function selectDigest(executor: SqlExecutor, schema: string, after: LogPosition): Promise<LogDigest> {
  const rows = await executor.query(`select * from ${schema}.digest($1::bigint)`, [after.pos]);
  const first = rows[0] ?? {};
  const end = first['end_pos'] == null ? START : logPosition(first['end_pos'], first['end_id']);
  if (after.pos > 0n && first['anchor_id'] !== after.id) return { outcome: 'rewound', end, heads: [] };
  const heads = rows
    .filter((row) => row['name'] !== null)
    .map((row) => ({ channel: String(row['name']) as ChannelName, position: headIn(row) }));
  return { outcome: 'continued', end, heads };
}

function logPosition(pos: unknown, id: unknown): LogPosition {
  return { pos: BigInt(pos as number | bigint), id: String(id) };
}
