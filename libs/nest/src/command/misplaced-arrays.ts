import { getMetadataStorage } from 'class-validator';
import type { FieldError } from '@millrace/protocol';

const NESTED = 'nestedValidation';

/**
 * Arrays where `@ValidateNested()` without `each` asks for one object. class-validator accepts them and validates
 * each element, so a handler that was promised an object would get a list.
 */
export function misplacedArrays(value: unknown, path = ''): FieldError[] {
  if (Array.isArray(value)) return value.flatMap((element, index) => misplacedArrays(element, join(path, index)));
  if (typeof value !== 'object' || value === null) return [];
  const single = singleNestedProperties(value);
  return Object.entries(value).flatMap(([property, child]) => {
    const field = join(path, property);
    if (Array.isArray(child) && single.has(property)) {
      return [{ field, rules: { isObject: `${property} must be an object` } }];
    }
    return misplacedArrays(child, field);
  });
}

function singleNestedProperties(value: object): ReadonlySet<string> {
  const known = cache.get(value.constructor);
  if (known) return known;
  const metadatas = getMetadataStorage().getTargetValidationMetadatas(value.constructor, '', false, false);
  const single = new Set(
    metadatas.filter(({ type, each }) => type === NESTED && !each).map(({ propertyName }) => propertyName),
  );
  cache.set(value.constructor, single);
  return single;
}

const cache = new WeakMap<object, ReadonlySet<string>>();

function join(path: string, step: string | number): string {
  return path === '' ? String(step) : `${path}.${step}`;
}
