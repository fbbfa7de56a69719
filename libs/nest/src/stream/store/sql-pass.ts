import type { ChannelName, Epoch, Offset } from '@millrace/protocol';
import type { NewEvent, Placed } from '../../core/stream-event.js';
import type { SqlExecutor, SqlRow } from '../sql-database.port.js';

/** What a pass gave an offset: positions and ids, the rest is read outside the lock. */
export interface Numbered {
  readonly channel: ChannelName;
  readonly epoch: Epoch;
  readonly offset: Offset;
  readonly id: string;
  readonly prevId: string;
  readonly time: number;
  readonly pos: number;
  readonly origin: 'staged' | 'direct';
}

export interface PassAnswer {
  readonly ran: boolean;
  readonly more: boolean;
  /** The end of the log when the lock was held. */
  readonly endPos: number;
  readonly numbered: readonly Numbered[];
  /** In the order asked; `null`: staged events of the channel go first. */
  readonly direct: readonly (Placed | null)[];
}

export interface PassRequest {
  readonly schema: string;
  /** The function of the schema to call. */
  readonly passFunction: string;
  readonly giveUp: boolean;
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly direct: readonly NewEvent[];
  /** Ids of `direct` are looked for in the log after this place before they are stored. */
  readonly knownAfter: number;
}

export async function callPass(executor: SqlExecutor, request: PassRequest): Promise<PassAnswer> {
  const { giveUp, maxEvents, maxBytes, direct, knownAfter } = request;
  const publishes = direct.length === 0 ? null : JSON.stringify(direct);
  const [row] = await executor.query(
    `select * from ${request.schema}.${request.passFunction}($1::boolean, $2::int, $3::bigint, $4::text, $5::bigint)`,
    [giveUp, maxEvents, maxBytes, publishes, knownAfter],
  );
  return toAnswer(row);
}

/** Numbers the oldest staged event alone, or sets it aside; `setAside` tells which. */
export async function callPassOne(
  executor: SqlExecutor,
  schema: string,
): Promise<{ readonly answer: PassAnswer; readonly setAside: boolean }> {
  const [row] = await executor.query(`select * from ${schema}.pass_one()`, []);
  return { answer: toAnswer(row), setAside: row?.['dead_seq'] != null };
}

type NumberedRow = readonly [ChannelName, Epoch, Offset, string, string, number, number, number];
type PlacedRow = readonly [string, Epoch, Offset];

function toAnswer(row: SqlRow | undefined): PassAnswer {
  const numbered = (row?.['numbered'] ?? []) as readonly NumberedRow[];
  const direct = (row?.['direct'] ?? []) as readonly (PlacedRow | null)[];
  return {
    ran: row?.['ran'] === true,
    more: row?.['more'] === true,
    endPos: Number(row?.['end_pos'] ?? 0),
    numbered: numbered.map(([channel, epoch, offset, id, prevId, time, pos, rank]) => ({
      channel,
      epoch,
      offset,
      id,
      prevId,
      time,
      pos,
      origin: rank === 0 ? 'staged' : 'direct',
    })),
    direct: direct.map((placed) => placed && { id: placed[0], epoch: placed[1], offset: placed[2] }),
  };
}
