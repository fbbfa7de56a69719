import { CodedError } from '../core/coded-error.js';
import { isWithinBounds, type JsonBounds } from '../core/json-bounds.js';

/**
 * A handler's result as plain JSON. Socket.IO would end the process over a BigInt or a cycle, overflow the stack over
 * deep nesting, and send a Buffer as an attachment: here each of them becomes data or an error. The bounds are those of
 * the JSON: an entity with a `toJSON` may be anything inside.
 */
export function plainResult(result: unknown, bounds: JsonBounds): unknown {
  const plain = throughJson(result);
  if (!isWithinBounds(plain, bounds)) throw new CodedError('RESULT_INVALID');
  return plain;
}

function throughJson(result: unknown): unknown {
  try {
    const text: string | undefined = JSON.stringify(result);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch (error) {
    throw new CodedError('RESULT_INVALID', {}, { cause: error });
  }
}
