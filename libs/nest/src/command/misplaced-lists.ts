import { getMetadataStorage } from 'class-validator';
import type { FieldError } from '@millrace/protocol';

const NESTED = 'nestedValidation';

/** Whether a property under `@ValidateNested()` was declared as one object or, with `each`, as a list of them. */
type Shape = 'object' | 'list';

/**
 * Lists where `@ValidateNested()` asks for one object, objects where it asks for a list, and lists in lists.
 * class-validator takes either for the other and validates whatever objects it finds, so a handler would get what its
 * DTO does not say. Looks only where class-validator has looked.
 */
export function misplacedLists(value: unknown, path = ''): FieldError[] {
  if (typeof value !== 'object' || value === null) return [];
  return [...nestedProperties(value)].flatMap(([property, shape]) => {
    const field = join(path, property);
    const child = (value as Readonly<Record<string, unknown>>)[property];
    if (child === undefined || child === null) return [];
    if (shape === 'object') return isList(child) ? [fault(field, property, 'an object')] : misplacedLists(child, field);
    if (!isList(child)) return [fault(field, property, 'a list')];
    return [...child.values()].flatMap((element: unknown, index) =>
      isList(element)
        ? [fault(join(field, index), `each value in ${property}`, 'an object')]
        : misplacedLists(element, join(field, index)),
    );
  });
}

const cache = new WeakMap<object, ReadonlyMap<string, Shape>>();

function nestedProperties(value: object): ReadonlyMap<string, Shape> {
  const known = cache.get(value.constructor);
  if (known) return known;
  const metadatas = getMetadataStorage().getTargetValidationMetadatas(value.constructor, '', true, false);
  const nested = metadatas.filter(({ type }) => type === NESTED);
  const shapes = new Map(
    nested.map(({ propertyName, each }): [string, Shape] => [propertyName, each ? 'list' : 'object']),
  );
  cache.set(value.constructor, shapes);
  return shapes;
}

function isList(value: unknown): value is readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown> {
  return Array.isArray(value) || value instanceof Set || value instanceof Map;
}

function fault(field: string, what: string, shape: 'an object' | 'a list'): FieldError {
  return { field, rules: { [shape === 'a list' ? 'isArray' : 'isObject']: `${what} must be ${shape}` } };
}

function join(path: string, step: string | number): string {
  return path === '' ? String(step) : `${path}.${step}`;
}
