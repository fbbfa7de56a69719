import { CodedError } from '../core/coded-error.js';
import { faithfulJson } from '../core/faithful-json.js';
import type { JsonBounds } from '../core/json-bounds.js';

/**
 * JSON text of an event's data: made here once, stored and forwarded unread. An event without data is `null`. The
 * bounds are those of the JSON, which is all that anybody will see.
 *
 * @throws CodedError `EVENT_INVALID` with the path of what JSON would change, `EVENT_TOO_LARGE`
 */
export function encodeEventData(data: unknown, bounds: JsonBounds & { readonly maxEventBytes: number }): string {
  const text = faithfulJson(data ?? null, bounds, 'EVENT_INVALID');
  if (Buffer.byteLength(text) > bounds.maxEventBytes) throw new CodedError('EVENT_TOO_LARGE');
  return text;
}
