import { CodedError } from '../core/coded-error.js';
import { isWithinBounds, type JsonBounds } from '../core/json-bounds.js';

/**
 * A handler's result as plain JSON. Socket.IO would end the process over a BigInt or a cycle, overflow the stack over
 * deep nesting, and send a Buffer as an attachment: here each of them becomes data or an error.
 */
export function plainResult(result: unknown, bounds: JsonBounds): unknown {
  if (result === undefined || result === null || typeof result === 'string' || typeof result === 'boolean')
    return result;
  if (!isWithinBounds(result, bounds)) throw new CodedError('RESULT_INVALID');
  try {
    const text: string | undefined = JSON.stringify(result);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch (error) {
    throw new CodedError('RESULT_INVALID', {}, { cause: error });
  }
}
