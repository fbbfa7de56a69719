/** A session and what waits for its client to read. */
export interface Waiting<S> {
  readonly session: S;
  readonly waitingBytes: number;
}

/**
 * Which sessions go so that `excessBytes` fewer wait: those with the most. One that is below the average of those for
 * whom something waits never goes: it takes what it gets, and is not the cause.
 */
export function worstOf<S>(waiting: readonly Waiting<S>[], excessBytes: number): readonly S[] {
  if (excessBytes <= 0) return [];
  const behind = waiting.filter(({ waitingBytes }) => waitingBytes > 0);
  const average = behind.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0) / behind.length;
  const worst: S[] = [];
  let leftBytes = excessBytes;
  for (const { session, waitingBytes } of behind.toSorted((one, other) => other.waitingBytes - one.waitingBytes)) {
    if (leftBytes <= 0 || waitingBytes < average) break;
    worst.push(session);
    leftBytes -= waitingBytes;
  }
  return worst;
}
