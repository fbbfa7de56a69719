import type { JsonBounds } from './json-bounds.js';

/** Deeper than that is looked at without the call stack. */
const MAX_STEPS_DOWN = 200;

/**
 * Whether `value` is made of nothing but plain objects, lists, texts, finite numbers, booleans and `null`, and stays
 * within the bounds: what JSON carries as it is. A no says nothing: it may be an entity with a `toJSON`. One walk for
 * both questions, several times as quick as the one that finds the place of a fault.
 */
export function isPlainJson(value: unknown, { maxDepth, maxNodes }: JsonBounds): boolean {
  const deepest = Math.min(maxDepth, MAX_STEPS_DOWN);
  let nodes = 0;
  const isPlain = (node: unknown, depth: number): boolean => {
    if (++nodes > maxNodes || depth > deepest) return false;
    if (typeof node === 'string' || typeof node === 'boolean' || node === null) return true;
    if (typeof node === 'number') return Number.isFinite(node);
    if (typeof node !== 'object') return false;
    return Array.isArray(node) ? isPlainList(node, depth + 1) : isPlainObject(node, depth + 1);
  };
  const isPlainList = (list: readonly unknown[], depth: number): boolean => {
    if (Object.getPrototypeOf(list) !== Array.prototype || 'toJSON' in list) return false;
    for (const element of list) if (!isPlain(element, depth)) return false;
    return true;
  };
  const isPlainObject = (object: object, depth: number): boolean => {
    const type: unknown = Object.getPrototypeOf(object);
    if ((type !== Object.prototype && type !== null) || 'toJSON' in object) return false;
    if (Symbol.toStringTag in object) return false;
    for (const key of Object.keys(object)) {
      if (key === '__proto__' || key === 'constructor') return false;
      const property = (object as Readonly<Record<string, unknown>>)[key];
      if (property !== undefined && !isPlain(property, depth)) return false;
    }
    return true;
  };
  return isPlain(value, 0);
}
