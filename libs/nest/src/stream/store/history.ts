import type { ChannelName, Epoch, Offset, Position } from '@millrace/protocol';
import { ACCESS_CHANNEL } from '../../core/own-channels.js';
import { positionOf } from '../../core/order-check.js';
import type { PageLimits } from '../../core/page.js';
import type { Placed, StreamEvent } from '../../core/stream-event.js';
import type { SqlExecutor, SqlRow } from '../sql-database.port.js';
import type { HistoryPage } from '../stream-store.port.js';

export interface HistoryQuery extends PageLimits {
  readonly schema: string;
  readonly channel: ChannelName;
  readonly after: Position | undefined;
  readonly retentionMs: number;
}

/** What one statement saw of a channel. */
export interface ChannelView {
  readonly head: Position;
  /** The first kept events after the position. */
  readonly events: readonly StreamEvent[];
  /** The id of the event at the position, when it is still there. */
  readonly anchorId: string | undefined;
  /** Events before this time are not kept, in ms since 1970. */
  readonly keptSince: number;
  /** The newest withdrawal of access that the statement saw. */
  readonly access: Placed;
}

/**
 * A position bounds the time of what can follow it, which keeps the search out of the partitions before it. The time in
 * a token may be forged: then it finds less, and says so.
 */
export async function selectHistory(executor: SqlExecutor, query: HistoryQuery): Promise<ChannelView> {
  const { schema, channel, after, retentionMs, maxEvents, maxBytes } = query;
  const rows = await executor.query(
    `with
known as (select now() - $4::float8 * interval '1 ms' as since, ${schema}.first_epoch($1::text) as first_epoch),
withdrawn as (select w.epoch, w.head, w.last_id from ${schema}.channel w where w.name = $7::text),
chan as materialized (select c.epoch, c.head, c.last_id, c.last_ts from ${schema}.channel c where c.name = $1::text),
page as (
  select e.*, sum(octet_length(e.data)) over (order by e."offset") - octet_length(e.data) as bytes_before
  from chan c cross join known k cross join lateral (
    select e."offset", e.id, e.type, e.data, (extract(epoch from e.ts) * 1000)::bigint as time
    from ${schema}.event e
    where e.channel = $1::text and e.epoch = c.epoch and e."offset" > $2::bigint
      and e.ts >= greatest(k.since, to_timestamp($3::float8 / 1000)) and e.ts <= c.last_ts
    order by e."offset" limit $5::int
  ) e
)
select coalesce(c.epoch, k.first_epoch) as epoch, coalesce(c.head, 0) as head, coalesce(c.last_id, '') as last_id,
  coalesce((extract(epoch from c.last_ts) * 1000)::bigint, 0) as last_time,
  (extract(epoch from k.since) * 1000)::bigint as kept_since,
  (select a.id from ${schema}.event a where a.channel = $1::text and a.epoch = c.epoch and a."offset" = $2::bigint
    and a.ts = to_timestamp($3::float8 / 1000)) as anchor_id,
  coalesce((select w.epoch from withdrawn w), ${schema}.first_epoch($7::text)) as access_epoch,
  coalesce((select w.head from withdrawn w), 0) as access_head,
  coalesce((select w.last_id from withdrawn w), '') as access_id,
  p."offset", p.id, p.type, p.data, p.time
from known k left join chan c on true left join page p on p.bytes_before < $6::bigint
order by p."offset"`,
    [channel, after?.offset ?? 0, after?.time ?? 0, retentionMs, maxEvents, maxBytes, ACCESS_CHANNEL],
  );
  return toView(rows);
}

/** Whether a position still belongs to the log, and what follows it. */
export function toPage(view: ChannelView, after: Position | undefined): HistoryPage {
  return { ...pageIn(view, after), access: view.access };
}

function pageIn({ head, events, anchorId, keptSince }: ChannelView, after: Position | undefined): HistoryPage {
  const lost = (reason: 'expired' | 'epoch' | 'mismatch'): HistoryPage => ({ outcome: 'unrecoverable', reason, head });
  if (after) {
    if (after.epoch !== head.epoch) return lost('epoch');
    if (after.offset > head.offset) return lost('mismatch');
    // The channel remembers its last event, so a quiet one can be resumed long after that event expired.
    if (after.offset === head.offset) return after.id === head.id ? complete([], head, head) : lost('mismatch');
    if (anchorId !== undefined && anchorId !== after.id) return lost('mismatch');
    if (events[0]?.offset !== after.offset + 1) return lost('expired');
    // An event that should be kept and is not: this is another log than the one the position is from.
    if (after.offset > 0 && anchorId === undefined && after.time >= keptSince) return lost('mismatch');
  }
  const last = events.at(-1);
  const position = last ? positionOf(head.epoch, last) : (after ?? head);
  return complete(events, position, head);
}

function complete(events: readonly StreamEvent[], position: Position, head: Position): HistoryPage {
  return { outcome: position.offset < head.offset ? 'more' : 'complete', events, position, head };
}

function toView(rows: readonly SqlRow[]): ChannelView {
  const [first] = rows;
  if (!first) throw new Error('The settings of the stream are missing');
  const anchorId = first['anchor_id'];
  return {
    head: headIn(first),
    keptSince: Number(first['kept_since']),
    anchorId: typeof anchorId === 'string' ? anchorId : undefined,
    access: {
      epoch: String(first['access_epoch']) as Epoch,
      offset: Number(first['access_head']) as Offset,
      id: String(first['access_id']),
    },
    events: rows.filter((row) => row['offset'] !== null).map(toEvent),
  };
}

/** Of a row with `epoch`, `head`, `last_id` and `last_time`. */
export function headIn(row: SqlRow): Position {
  const offset = Number(row['head']);
  return {
    epoch: String(row['epoch']) as Epoch,
    offset: offset as Offset,
    id: String(row['last_id']),
    time: offset === 0 ? 0 : Number(row['last_time']),
  };
}

function toEvent(row: SqlRow): StreamEvent {
  return {
    offset: Number(row['offset']) as Offset,
    id: String(row['id']),
    type: String(row['type']),
    data: String(row['data']),
    time: Number(row['time']),
  };
}
