import type { CommandOutcome } from '@millrace/client';
import type { LoggedEvent } from './journal-check.js';

/** `row`: writes a row and publishes in one transaction. `event`: only publishes, outside any. `none`: must fail. */
export type CommandEffect = 'row' | 'event' | 'none';

/** One command and the answer that its sender got. */
export interface CommandRecord {
  /** Unique; stands in the row and in the event. */
  readonly text: string;
  readonly effect: CommandEffect;
  readonly outcome: CommandOutcome;
  readonly code?: string;
  /** The event that the answer named. */
  readonly event?: string;
  /** When it was sent and when it was answered, in ms of one clock. */
  readonly sentAt: number;
  readonly answeredAt: number;
}

export interface CommandVerdict {
  readonly commands: number;
  readonly applied: number;
  readonly refused: number;
  readonly unknown: number;
  /** Of the unknown ones, by what the tables say. */
  readonly unknownApplied: number;
  /** Answered as applied, and the row or the event is not there, or it is another event. */
  readonly missing: number;
  /** Answered as not applied, or bound to fail, and the row or the event is there. */
  readonly ghosts: number;
  /** A row without its event, or an event without its row. */
  readonly torn: number;
  /** Rows or events that are there more than once. */
  readonly repeated: number;
  /** Events with one behind them whose command was answered before theirs was sent. */
  readonly overtaken: number;
}

export const cleanCommands = { missing: 0, ghosts: 0, torn: 0, repeated: 0, overtaken: 0 };

/** Compares what senders were told with what the tables hold. `rows`: the texts of the table `note`. */
export function judgeCommands(
  records: readonly CommandRecord[],
  rows: readonly string[],
  log: readonly LoggedEvent[],
): CommandVerdict {
  const rowCounts = countBy(rows, (text) => text);
  const events = log.map(({ channel, id, data }) => ({
    channel,
    id,
    text: (JSON.parse(data) as { text: string }).text,
  }));
  const eventCounts = countBy(events, ({ text }) => text);
  const idOf = new Map(events.map(({ id, text }) => [text, id]));
  const verdict = { commands: records.length, applied: 0, refused: 0, unknown: 0, unknownApplied: 0, ...cleanCommands };
  for (const { text, effect, outcome, event } of records) {
    const [row, published] = [rowCounts.get(text) ?? 0, eventCounts.get(text) ?? 0];
    const isThere = published > 0 || row > 0;
    const isWhole = published > 0 && (row > 0 || effect !== 'row');
    if (row > 1 || published > 1) verdict.repeated++;
    if (effect !== 'event' && row > 0 !== published > 0) verdict.torn++;
    if (isThere && (effect === 'none' || outcome === 'not-applied')) verdict.ghosts++;
    if (outcome === 'applied') {
      verdict.applied++;
      if (!isWhole || (event !== undefined && idOf.get(text) !== event)) verdict.missing++;
    } else if (outcome === 'unknown') {
      verdict.unknown++;
      if (isThere) verdict.unknownApplied++;
    } else verdict.refused++;
  }
  const recordOf = new Map(records.map((record) => [record.text, record]));
  verdict.overtaken = overtakenIn(events.map(({ channel, text }) => ({ channel, record: recordOf.get(text) })));
  return verdict;
}

/** Backwards along each channel: nobody was sent after the answer of one that stands behind it. */
function overtakenIn(events: readonly { channel: string; record: CommandRecord | undefined }[]): number {
  const earliestAnswer = new Map<string, number>();
  let overtaken = 0;
  for (const { channel, record } of events.toReversed()) {
    if (record?.outcome !== 'applied') continue;
    const earliest = earliestAnswer.get(channel) ?? Infinity;
    if (record.sentAt > earliest) overtaken++;
    earliestAnswer.set(channel, Math.min(earliest, record.answeredAt));
  }
  return overtaken;
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
