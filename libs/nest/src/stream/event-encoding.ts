import { CodedError } from '../core/coded-error.js';
import { isWithinBounds, type JsonBounds } from '../core/json-bounds.js';

/**
 * JSON text of an event's data: made here once, stored and forwarded unread. An event without data is `null`. The
 * bounds are those of the JSON, which is all that anybody will see.
 */
export function encodeEventData(data: unknown, bounds: JsonBounds & { readonly maxEventBytes: number }): string {
  const text = stringify(data ?? null);
  if (Buffer.byteLength(text) > bounds.maxEventBytes) throw new CodedError('EVENT_TOO_LARGE');
  if (!isWithinBounds(JSON.parse(text), bounds)) throw new CodedError('EVENT_INVALID');
  return text;
}

function stringify(data: unknown): string {
  try {
    const text: string | undefined = JSON.stringify(data);
    if (text !== undefined) return text;
  } catch (error) {
    throw new CodedError('EVENT_INVALID', {}, { cause: error });
  }
  throw new CodedError('EVENT_INVALID');
}
