export interface JsonBounds {
  readonly maxDepth: number;
  readonly maxNodes: number;
}

/** What is wrong with a value that came as JSON. */
export type JsonFault = 'complex' | 'forbidden-key';

/**
 * Whether `value` exceeds the bounds, or has a key that libraries drop without a word and attackers use. Walks with a stack of its own: a value of thousands of nested arrays would
 * exhaust the call stack of every recursive walk behind this check (Socket.IO's binary search among them).
 */
export function jsonFault(value: unknown, { maxDepth, maxNodes }: JsonBounds): JsonFault | undefined {
  let level: unknown[] = [value];
  let nodes = 1;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth || nodes > maxNodes) return 'complex';
    const next: unknown[] = [];
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue;
      if (hasForbiddenKey(node)) return 'forbidden-key';
      for (const child of Object.values(node)) next.push(child);
      if (nodes + next.length > maxNodes) return 'complex';
    }
    nodes += next.length;
    level = next;
  }
  return undefined;
}

const hasForbiddenKey = (node: object): boolean =>
  !Array.isArray(node) && (Object.hasOwn(node, '__proto__') || Object.hasOwn(node, 'constructor'));
