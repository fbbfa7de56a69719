import type { ChannelName, Epoch, Offset } from '@millrace/protocol';
import type { EventBatch, Placed } from '../../core/stream-event.js';

/** Nodes of different releases may share a Redis while they are replaced: another form is not read, the log is. */
const FORM = '1';

/**
 * Epoch, prev, prevId, of each event id, type, time and data (a batch has no hole, so its offsets follow), and epoch,
 * offset and id of the newest withdrawal. Releases before read the first four and leave the last alone; theirs come
 * without it.
 */
type Body = readonly [string, number, string, readonly (readonly [string, string, number, string])[], Access?];
type Access = readonly [string, number, string];

/** `<form> <node> <body>`: whose it is can be seen without parsing what may be large. */
export function encodeBatch(node: string, { epoch, prev, prevId, events, access }: EventBatch): string {
  const known: [Access?] = access ? [[access.epoch, access.offset, access.id]] : [];
  const body: Body = [epoch, prev, prevId, events.map(({ id, type, time, data }) => [id, type, time, data]), ...known];
  return `${FORM} ${node} ${JSON.stringify(body)}`;
}

/** Whether `node` itself sent it. */
export function isOwn(node: string, payload: Buffer): boolean {
  const head = `${FORM} ${node} `;
  return payload.toString('latin1', 0, head.length) === head;
}

/** `undefined`: not a batch, or of a form that this release does not know. */
export function decodeBatch(channel: ChannelName, payload: Buffer): EventBatch | undefined {
  const [form, node] = payload.toString('latin1', 0, 128).split(' ', 2);
  if (form !== FORM || node === undefined) return undefined;
  const body = parse(payload.toString('utf8', form.length + node.length + 2));
  if (!isBody(body)) return undefined;
  const [epoch, prev, prevId, events, access] = body;
  return {
    channel,
    epoch: epoch as Epoch,
    prev: prev as Offset,
    prevId,
    events: events.map(([id, type, time, data], index) => ({
      offset: (prev + index + 1) as Offset,
      id,
      type,
      data,
      time,
    })),
    ...(access && { access: placedIn(access) }),
  };
}

const placedIn = ([epoch, offset, id]: Access): Placed => ({ epoch: epoch as Epoch, offset: offset as Offset, id });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isBody(body: unknown): body is Body {
  if (!Array.isArray(body)) return false;
  const [epoch, prev, prevId, events, access] = body as unknown[];
  return (
    isAccess(access) &&
    typeof epoch === 'string' &&
    Number.isSafeInteger(prev) &&
    typeof prevId === 'string' &&
    Array.isArray(events) &&
    events.length > 0 &&
    events.every(isEvent)
  );
}

function isAccess(access: unknown): boolean {
  if (access === undefined) return true;
  if (!Array.isArray(access)) return false;
  const [epoch, offset, id] = access as unknown[];
  return typeof epoch === 'string' && Number.isSafeInteger(offset) && typeof id === 'string';
}

function isEvent(event: unknown): boolean {
  if (!Array.isArray(event)) return false;
  const [id, type, time, data] = event as unknown[];
  return typeof id === 'string' && typeof type === 'string' && Number.isFinite(time) && typeof data === 'string';
}
