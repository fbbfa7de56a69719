export interface JsonBounds {
  readonly maxDepth: number;
  readonly maxNodes: number;
}

/**
 * Whether `value` stays within the bounds. Walks with a stack of its own: a value of thousands of nested arrays would
 * exhaust the call stack of every recursive walk behind this check (Socket.IO's binary search among them).
 */
export function isWithinBounds(value: unknown, { maxDepth, maxNodes }: JsonBounds): boolean {
  let level: unknown[] = [value];
  let nodes = 1;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth || nodes > maxNodes) return false;
    const next: unknown[] = [];
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue;
      for (const child of Object.values(node)) next.push(child);
      if (nodes + next.length > maxNodes) return false;
    }
    nodes += next.length;
    level = next;
  }
  return true;
}
