import { describe, expect, it } from 'vitest';
import { lookAt, type Backlog, type BacklogRemedy } from './backlog.js';

const bounds = { maxWaitingBytes: 1_000, maxStalledMs: 500 };
const now = 10_000;

const clear: Backlog = { kind: 'clear' };
const waiting: Backlog = { kind: 'waiting', progress: 7, since: now - 100 };
const lagging: Backlog = { kind: 'lagging', progress: 7, since: now - 100 };
const stuck: Backlog = { kind: 'lagging', progress: 7, since: now - 500 };
const stuckWaiting: Backlog = { kind: 'waiting', progress: 7, since: now - 500 };
const almost: Backlog = { kind: 'waiting', progress: 7, since: now - 499 };

type Row = [string, Backlog, { bytes: number; progress: number }, Backlog, BacklogRemedy];

const at = (kind: 'waiting' | 'lagging', progress: number, since: number): Backlog => ({ kind, progress, since });

const rows: Row[] = [
  ['nothing waits', clear, { bytes: 0, progress: 7 }, clear, 'none'],
  ['the first bytes wait', clear, { bytes: 1, progress: 7 }, at('waiting', 7, now), 'none'],
  ['as much as may waits', clear, { bytes: 1_000, progress: 7 }, at('waiting', 7, now), 'none'],
  ['too much at once', clear, { bytes: 1_001, progress: 7 }, at('lagging', 7, now), 'interrupt'],
  ['hopelessly much at once', clear, { bytes: 8_001, progress: 7 }, at('lagging', 7, now), 'close'],

  ['all was read', waiting, { bytes: 0, progress: 9 }, clear, 'none'],
  ['nothing was read for a while', waiting, { bytes: 10, progress: 7 }, at('waiting', 7, now - 100), 'none'],
  ['something was read', waiting, { bytes: 10, progress: 8 }, at('waiting', 8, now), 'none'],
  ['it grew over the bound', waiting, { bytes: 1_001, progress: 7 }, at('lagging', 7, now - 100), 'interrupt'],
  ['it was read too slowly', waiting, { bytes: 1_001, progress: 8 }, at('lagging', 8, now), 'interrupt'],

  ['lagging is told once', lagging, { bytes: 5_000, progress: 7 }, at('lagging', 7, now - 100), 'none'],
  ['lagging until drained', lagging, { bytes: 251, progress: 8 }, at('lagging', 8, now), 'none'],
  ['drained', lagging, { bytes: 250, progress: 8 }, at('waiting', 8, now), 'none'],
  ['drained to the end', lagging, { bytes: 0, progress: 8 }, clear, 'none'],
  ['owed more than it will ever read', lagging, { bytes: 8_001, progress: 8 }, at('lagging', 8, now), 'close'],
  ['as much as a lagging one may owe', lagging, { bytes: 8_000, progress: 8 }, at('lagging', 8, now), 'none'],

  ['stalled one ms less than it may', almost, { bytes: 10, progress: 7 }, almost, 'none'],
  ['stalled with few bytes', stuckWaiting, { bytes: 1, progress: 7 }, stuckWaiting, 'close'],
  ['stalled while lagging', stuck, { bytes: 5_000, progress: 7 }, stuck, 'close'],
  ['stalled, then one byte was read', stuck, { bytes: 5_000, progress: 8 }, at('lagging', 8, now), 'none'],
];

describe('the backlog of a session', () => {
  it.each(rows)('%s', (_, before, { bytes, progress }, next, remedy) => {
    expect(lookAt(before, { waitingBytes: bytes, progress, now }, bounds)).toStrictEqual({ next, remedy });
  });
});
