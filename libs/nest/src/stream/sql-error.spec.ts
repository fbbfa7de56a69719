import { expect, it } from 'vitest';
import { isBadRow, isConflict, isConnectionLost, isPartitionMissing, isUnfit } from './sql-error.js';

const reported = (code: string, constraint?: string): Error =>
  Object.assign(new Error('reported'), { severity: 'ERROR', code, constraint });

interface Verdict {
  readonly bad?: true;
  readonly partition?: true;
  readonly conflict?: true;
  readonly lost?: true;
  readonly unfit?: true;
}

it.each<[string, Error, Verdict]>([
  ['a CHECK of a table', reported('23514', 'event_check'), { bad: true }],
  ['text that is not JSON', reported('22P02'), { bad: true }],
  ['a trigger that raises', reported('P0001'), { bad: true }],
  ['a row too large for an index', reported('54000'), { bad: true }],
  ['no partition for the row', reported('23514'), { partition: true }],
  ['a full disk', reported('53100'), { unfit: true }],
  ['a standby that is asked to write', reported('25006'), { unfit: true }],
  ['a file that cannot be read', reported('58030'), { unfit: true }],
  ['a lock that was not to be had in time', reported('55P03'), {}],
  ['a deadlock', reported('40P01'), { conflict: true }],
  ['a serialization failure', reported('40001'), { conflict: true }],
  ['an administrator who ends the connection', reported('57P01'), { lost: true, unfit: true }],
  ['a commit whose completion is unknown', reported('40003'), { lost: true }],
  ['a socket that broke', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }), { lost: true }],
  ['a driver that reports the end', new Error('Connection terminated unexpectedly'), { lost: true }],
  ['a parameter that cannot be sent', new TypeError('circular'), {}],
])(
  'tells what to think of %s',
  (_, error, { bad = false, partition = false, conflict = false, lost = false, unfit = false }) => {
    expect(isBadRow(error)).toBe(bad);
    expect(isPartitionMissing(error)).toBe(partition);
    expect(isConflict(error)).toBe(conflict);
    expect(isConnectionLost(error)).toBe(lost);
    expect(isUnfit(error)).toBe(unfit);
  },
);
