import { faithfulJson } from '../core/faithful-json.js';
import type { JsonBounds } from '../core/json-bounds.js';

/**
 * A handler's result as plain JSON. Socket.IO would end the process over a BigInt or a cycle, overflow the stack over
 * deep nesting, and send a Buffer as an attachment: here each of them is an error. The bounds are those of the JSON: an
 * entity with a `toJSON` may be anything inside.
 *
 * @throws CodedError `RESULT_INVALID`, with the path of what JSON would change
 */
export function plainResult(result: unknown, bounds: JsonBounds): unknown {
  if (result === undefined) return undefined;
  return JSON.parse(faithfulJson(result, bounds, 'RESULT_INVALID')) as unknown;
}
