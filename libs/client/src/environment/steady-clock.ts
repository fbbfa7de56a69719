/**
 * ms since 1970 by the wall clock at the start, moved on by a clock that never steps: what the SDK does with it is to
 * measure times that passed. A wall clock that is set would expire commands, or keep them for days.
 */
export function steadyClock(wall: () => number, monotonic: { readonly now?: () => number } | undefined): () => number {
  if (typeof monotonic?.now !== 'function') return wall;
  const read = () => monotonic.now?.() ?? 0;
  const origin = wall() - read();
  return () => Math.round(origin + read());
}
