import type { WireError } from '@millrace/protocol';

/** Refusals in a row that were said about this client, not about the node. */
export interface Refusals {
  readonly refusals: number;
  /** When the first of them came; absent with none. */
  readonly refusedSince?: number;
}

export const noRefusals: Refusals = { refusals: 0 };

/** The first time the token function has nothing, the page may still be loading; the third time is a fact. */
const MAX_WITHOUT_TOKEN = 3;
/** So many refusals, however long they took: a device that slept between two of them has not asked often. */
const MIN_REFUSALS = 5;

export const oneMore = ({ refusals, refusedSince }: Refusals, now: number): Required<Refusals> => ({
  refusals: refusals + 1,
  refusedSince: refusedSince ?? now,
});

/**
 * Whether a refusal is the last word. One node with a wrong clock, a wrong key or an older version refuses everybody,
 * at once, and is the least loaded of all because of that: the load balancer sends the next tries there too. Its word
 * is believed when it was said again and again, over new connections, for `patienceMs`. Two are known to be no fault of a
 * node: that there is no token, and that the application itself asks for a sign-in.
 */
export function isFinal(
  { reason }: WireError,
  { refusals, refusedSince }: Required<Refusals>,
  { now, patienceMs }: { readonly now: number; readonly patienceMs: number },
): boolean {
  if (reason === 'sign-in') return true;
  if (reason === 'missing') return refusals >= MAX_WITHOUT_TOKEN;
  return refusals >= MIN_REFUSALS && now - refusedSince >= patienceMs;
}
