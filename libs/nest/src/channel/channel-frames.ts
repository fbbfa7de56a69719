import {
  decodePosition,
  isChannelName,
  type ChannelName,
  type HistoryFrame,
  type Position,
  type SubscribeFrame,
  type SubscribeItem,
  type UnsubscribeFrame,
} from '@millrace/protocol';
import { CodedError } from '../core/coded-error.js';

export const MAX_ITEMS = 100;
export const MAX_HISTORY_EVENTS = 1_000;

/** @throws CodedError `FRAME_INVALID` */
export function readSubscribeFrame(body: unknown): SubscribeFrame {
  const { items, maxBytes } = fieldsOf(body);
  if (!isList(items)) throw new CodedError('FRAME_INVALID');
  return { items: items.map(readItem), ...readMaxBytes(maxBytes) };
}

/** @throws CodedError `FRAME_INVALID` */
export function readUnsubscribeFrame(body: unknown): UnsubscribeFrame {
  const { channels } = fieldsOf(body);
  if (!isList(channels) || !channels.every(isText)) throw new CodedError('FRAME_INVALID');
  return { channels };
}

/** @throws CodedError `FRAME_INVALID` */
export function readHistoryFrame(body: unknown): HistoryFrame {
  const { channel, after, limit, maxBytes } = fieldsOf(body);
  if (!isText(channel) || !(after === undefined || isText(after))) throw new CodedError('FRAME_INVALID');
  if (!isWhole(limit) || limit < 1 || limit > MAX_HISTORY_EVENTS) throw new CodedError('FRAME_INVALID');
  return { channel, limit, ...(after !== undefined && { after }), ...readMaxBytes(maxBytes) };
}

/** @throws CodedError `CHANNEL_INVALID` */
export function readChannel(text: string): ChannelName {
  if (!isChannelName(text)) throw new CodedError('CHANNEL_INVALID');
  return text;
}

/**
 * A position with its grant, which may be in its token: so a client keeps it.
 *
 * @throws CodedError `POSITION_INVALID`
 */
export function readSince({ since, grant }: Pick<SubscribeItem, 'since' | 'grant'>): Position | undefined {
  const position = readPosition(since);
  return position && { ...position, ...(grant !== undefined && { grant }) };
}

/** @throws CodedError `POSITION_INVALID` */
export function readPosition(token: string | undefined): Position | undefined {
  if (token === undefined) return undefined;
  const position = decodePosition(token);
  if (!position) throw new CodedError('POSITION_INVALID');
  return position;
}

function readMaxBytes(maxBytes: unknown): { readonly maxBytes?: number } {
  if (maxBytes === undefined) return {};
  if (!isWhole(maxBytes) || maxBytes < 1) throw new CodedError('FRAME_INVALID');
  return { maxBytes };
}

function readItem(item: unknown): SubscribeItem {
  const { channel, sid, since, grant } = fieldsOf(item);
  if (!isText(channel) || !isWhole(sid) || sid < 0) throw new CodedError('FRAME_INVALID');
  for (const text of [since, grant]) if (!(text === undefined || isText(text))) throw new CodedError('FRAME_INVALID');
  return { channel, sid, ...(isText(since) && { since }), ...(isText(grant) && { grant }) };
}

/** Of an object whose fields may be anything; fields that this version does not know are left alone. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CodedError('FRAME_INVALID');
  return value as Readonly<Record<string, unknown>>;
}

const isList = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.length >= 1 && value.length <= MAX_ITEMS;

const isText = (value: unknown): value is string => typeof value === 'string';

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
