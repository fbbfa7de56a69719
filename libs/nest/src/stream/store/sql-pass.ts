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
  /** The newest withdrawal in the log when the pass was done; absent when it numbered nothing. */
  readonly access?: Placed;
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
    `select p.*, ${accessOf(request.schema)}
from ${request.schema}.${request.passFunction}($1::boolean, $2::int, $3::bigint, $4::text, $5::bigint) p`,
    [giveUp, maxEvents, maxBytes, publishes, knownAfter],
  );
  return toAnswer(row);
}

/** Numbers the oldest staged event alone, or sets it aside; `setAside` tells which. */
export async function callPassOne(
  executor: SqlExecutor,
  schema: string,
): Promise<{ readonly answer: PassAnswer; readonly setAside: boolean }> {
  const [row] = await executor.query(`select p.*, ${accessOf(schema)} from ${schema}.pass_one() p`, []);
  return { answer: toAnswer(row), setAside: row?.['dead_seq'] != null };
}

/** Looked up when the pass is done and still holds the lock: nothing that it numbered lies before a later withdrawal. */
const accessOf = (schema: string): string =>
  `case when p.numbered is null then null else ${schema}.access_head() end as access`;

type NumberedRow = readonly [ChannelName, Epoch, Offset, string, string, number, number, number];
type PlacedRow = readonly [string, Epoch, Offset];

function toAnswer(row: SqlRow | undefined): PassAnswer {
  const numbered = (row?.['numbered'] ?? []) as readonly NumberedRow[];
  const direct = (row?.['direct'] ?? []) as readonly (PlacedRow | null)[];
  const access = row?.['access'] as PlacedRow | null | undefined;
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
    direct: direct.map((placed) => placed && placedIn(placed)),
    ...(access && { access: placedIn(access) }),
  };
}

const placedIn = ([id, epoch, offset]: PlacedRow): Placed => ({ id, epoch, offset });
