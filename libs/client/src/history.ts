import {
  decodePosition,
  type ChannelContract,
  type EventData,
  type EventType,
  type HistoryAnswer,
  type PositionToken,
  type UnrecoverableReason,
} from '@millrace/protocol';
import { RealtimeError } from './realtime-error.js';
import type { SendOptions } from './request/send.options.js';
import { EventReader } from './subscription/event-reader.js';
import { positionOf } from './subscription/merge.js';
import type { EventMeta } from './subscription/subscription.js';

/** Which page is read, and how long that may take. @publicApi */
export interface HistoryOptions extends SendOptions {
  /** Position before the first event wanted. @defaultValue none: from the oldest kept event */
  readonly after?: string | undefined;
  /** Events at most, 1–1000; the server may send fewer. @defaultValue 100 */
  readonly limit?: number | undefined;
}

/** One event of a page, told apart by `type`. @publicApi */
export type HistoryEvent<C extends ChannelContract> = {
  [T in EventType<C>]: { readonly type: T; readonly data: EventData<C, T>; readonly meta: EventMeta };
}[EventType<C>];

/** Some events of a durable channel, oldest first. @publicApi */
export interface HistoryPage<C extends ChannelContract = ChannelContract> {
  /** `more`: ask again `after` this page's position. `unrecoverable`: events after the asked position are lost. */
  readonly outcome: 'complete' | 'more' | 'unrecoverable';
  /** Only with `unrecoverable`. */
  readonly reason: UnrecoverableReason | undefined;
  /** In order, without a hole among them. */
  readonly events: readonly HistoryEvent<C>[];
  /** Behind the last event: where the next page begins. */
  readonly position: PositionToken;
}

/** @throws RealtimeError `EVENT_INVALID` when the data of an event is not JSON */
export function readHistory<C extends ChannelContract>(answer: HistoryAnswer): HistoryPage<C> {
  const epoch = decodePosition(answer.position)?.epoch ?? '';
  const events = answer.events.map((event) => {
    const reader = new EventReader(event, true, positionOf(epoch, event));
    const read = reader.read();
    if (!read.ok) throw new RealtimeError(read.error, { cause: read.cause });
    return { type: event.type, data: read.data, meta: reader.meta } as HistoryEvent<C>;
  });
  return { outcome: answer.outcome, reason: answer.reason, events, position: answer.position as PositionToken };
}
