import type { ChannelName, Offset } from '@millrace/protocol';
import { ACCESS_CHANNEL } from '../../core/own-channels.js';
import type { EventBatch, NewEvent, StreamEvent } from '../../core/stream-event.js';
import type { SqlExecutor } from '../sql-database.port.js';
import type { Numbered, PassAnswer } from './sql-pass.js';

export type Content = Pick<StreamEvent, 'type' | 'data'>;

/**
 * What a pass numbered, by channel. An event whose content is unknown ends the batch of its channel: no batch has a hole.
 * Withdrawals come first, since nothing else goes out before them.
 */
export function toBatches(
  { numbered, access }: Pick<PassAnswer, 'numbered' | 'access'>,
  contentOf: (event: Numbered) => Content | undefined,
): readonly EventBatch[] {
  const batches = new Map<ChannelName, { readonly first: Numbered; readonly events: StreamEvent[] }>();
  const cut = new Set<ChannelName>();
  for (const event of numbered) {
    if (cut.has(event.channel)) continue;
    const content = contentOf(event);
    if (!content) {
      cut.add(event.channel);
      continue;
    }
    const { offset, id, time } = event;
    const batch = batches.get(event.channel) ?? { first: event, events: [] };
    batch.events.push({ offset, id, type: content.type, data: content.data, time });
    batches.set(event.channel, batch);
  }
  const found = [...batches.values()].map(({ first: { channel, epoch, offset, prevId }, events }) => ({
    channel,
    epoch,
    prev: (offset - 1) as Offset,
    prevId,
    events,
    ...(access && { access }),
  }));
  const withdrawals = found.filter(({ channel }) => channel === ACCESS_CHANNEL);
  return withdrawals.length === 0 ? found : [...withdrawals, ...found.filter((batch) => !withdrawals.includes(batch))];
}

/** Content by place: of direct publishes as this node has it, of staged events from the log. */
export async function readContents(
  executor: SqlExecutor,
  schema: string,
  { numbered, direct }: { readonly numbered: readonly Numbered[]; readonly direct: readonly NewEvent[] },
): Promise<ReadonlyMap<number, Content>> {
  const own = new Map(direct.map((event) => [event.id, event]));
  const contents = new Map<number, Content>();
  const staged: Numbered[] = [];
  for (const event of numbered) {
    const content = event.origin === 'direct' ? own.get(event.id) : undefined;
    if (content) contents.set(event.pos, content);
    else staged.push(event);
  }
  const [first, last] = [staged[0], staged.at(-1)];
  if (!first || !last) return contents;
  const oldest = staged.reduce((time, event) => Math.min(time, event.time), first.time);
  for (const row of await selectContents(executor, schema, [first.pos, last.pos, oldest])) {
    contents.set(Number(row['pos']), { type: String(row['type']), data: String(row['data']) });
  }
  return contents;
}

function selectContents(executor: SqlExecutor, schema: string, range: readonly [number, number, number]) {
  return executor.query(
    `select pos, type, data from ${schema}.event
where pos between $1::bigint and $2::bigint and ts >= to_timestamp($3::float8 / 1000)`,
    range,
  );
}
