import { unfaithfulValue, type FieldError } from '@millrace/protocol';
import { CodedError } from './coded-error.js';
import { jsonFault, type JsonBounds } from './json-bounds.js';
import { isPlainJson } from './plain-json.js';

type Code = 'EVENT_INVALID' | 'RESULT_INVALID';

/**
 * The JSON text of a value of the application. What JSON would change or leave out is refused with its path: nobody
 * finds a `NaN` that arrives as `null`, or a Map that arrives as `{}`. The bounds are those of the text.
 *
 * @throws CodedError `code`, with `details` that name the place
 */
export function faithfulJson(value: unknown, bounds: JsonBounds, code: Code): string {
  try {
    if (isPlainJson(value, bounds)) return JSON.stringify(value);
  } catch {
    // An accessor that throws: below it is named.
  }
  const fault = unfaithfulValue(value);
  if (fault) throw new CodedError(code, { details: [notJson(fault.path, fault.what)] }, { cause: fault.cause });
  const text = textOf(value, code);
  if (jsonFault(JSON.parse(text), bounds)) throw new CodedError(code);
  return text;
}

export const notJson = (field: string, what: string): FieldError => ({ field, rules: { json: what } });

function textOf(value: unknown, code: Code): string {
  try {
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined) return text;
  } catch (error) {
    // Deeper than the stack, or a `toJSON()` that answers otherwise the second time.
    throw new CodedError(code, {}, { cause: error });
  }
  throw new CodedError(code);
}
