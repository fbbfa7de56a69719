import type { Position } from '@millrace/protocol';
import type { Granted } from './grants.js';
import type { Withdrawn } from './withdrawals.js';

export interface ResumeQuestion {
  readonly since: Position;
  /** Genuine, for this subject and channel, in the epoch of `since`. */
  readonly granted: Granted | undefined;
  /** The newest withdrawal known that this subscription has to do with. */
  readonly withdrawn: Withdrawn | undefined;
  /** Whether no withdrawal behind what the grant has seen can have been missed. */
  readonly isCovered: boolean;
}

/** `ask`: nothing shows that the subscriber was given the position, so the policy is asked about the history. */
export type ResumeRight = 'given' | 'withdrawn' | 'ask';

/**
 * Whether a subscriber may have what follows on `since`:
 *
 *     log:    … 4 ── granted from 4 ── 5  6 ── withdrawal ── 7 ── given back ── 8
 *     since 5, with its grant        ─▶ `withdrawn`: 7 was not for this subscriber
 *     since 5, and no such withdrawal ─▶ `given`
 *     since 2                        ─▶ `ask`: that is history
 *
 * A position brings its own time. A false one finds nothing behind it in the log: only an event of that time is taken
 * for it.
 */
export function resumeRight({ since, granted, withdrawn, isCovered }: ResumeQuestion): ResumeRight {
  if (granted && withdrawn && withdrawn.offset > granted.access.offset) return 'withdrawn';
  if (granted && isCovered && since.offset >= granted.from.offset) return 'given';
  // The first place of a channel has no event, so whatever time it names shows nothing.
  const time = since.offset === 0 ? 0 : since.time;
  return withdrawn && time <= withdrawn.time ? 'withdrawn' : 'ask';
}
