/** How far a session is behind with reading. */
export type Backlog =
  | { readonly kind: 'clear' }
  /** Bytes wait; since when the client has taken none of them. */
  | { readonly kind: 'waiting'; readonly progress: number; readonly since: number }
  /** Out of the live flow until most of what waits is gone. */
  | { readonly kind: 'lagging'; readonly progress: number; readonly since: number };

export interface BacklogLook {
  readonly waitingBytes: number;
  /** Stays the same as long as the client takes nothing. */
  readonly progress: number;
  readonly now: number;
}

export interface BacklogBounds {
  readonly maxWaitingBytes: number;
  readonly maxStalledMs: number;
}

/** What has to be done about it: take the session out of the live flow, or end it. */
export type BacklogRemedy = 'none' | 'interrupt' | 'close';

/** Between the two bounds a session neither starts nor stops to lag: it would flap at a single one. */
const DRAINED_SHARE = 1 / 4;
/** A lagging session is owed only answers; one that lets so many pile up is not going to read them. */
const HOPELESS_FACTOR = 8;

export function lookAt(
  before: Backlog,
  look: BacklogLook,
  { maxWaitingBytes, maxStalledMs }: BacklogBounds,
): { readonly next: Backlog; readonly remedy: BacklogRemedy } {
  const { waitingBytes, now } = look;
  if (waitingBytes === 0) return { next: { kind: 'clear' }, remedy: 'none' };
  const { progress } = look;
  const since = before.kind === 'clear' || before.progress !== progress ? now : before.since;
  const wasLagging = before.kind === 'lagging';
  const bound = wasLagging ? maxWaitingBytes * DRAINED_SHARE : maxWaitingBytes;
  const next: Backlog = { kind: waitingBytes > bound ? 'lagging' : 'waiting', progress, since };
  if (now - since >= maxStalledMs || waitingBytes > maxWaitingBytes * HOPELESS_FACTOR) return { next, remedy: 'close' };
  return { next, remedy: next.kind === 'lagging' && !wasLagging ? 'interrupt' : 'none' };
}
