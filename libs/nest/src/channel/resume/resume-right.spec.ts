import type { ChannelName, Epoch, Offset, Position } from '@millrace/protocol';
import { expect, it } from 'vitest';
import type { Granted } from './grants.js';
import { resumeRight } from './resume-right.js';

const epoch = 'e' as Epoch;
const granted: Granted = {
  subject: 'ann',
  channel: 'desk.SFO' as ChannelName,
  from: { epoch, offset: 4 as Offset },
  access: { epoch: 'a' as Epoch, offset: 10 as Offset },
};
const at = (offset: number, time = offset * 100): Position => ({
  epoch,
  offset: offset as Offset,
  id: offset === 0 ? '' : `id${offset}`,
  time,
});

it.each([
  ['behind where the grant begins', at(5), granted, undefined, true, 'given'],
  ['where the grant begins', at(4), granted, undefined, true, 'given'],
  ['before where the grant begins', at(3), granted, undefined, true, 'ask'],
  ['at the first place, before the grant', at(0), granted, undefined, true, 'ask'],
  ['without a grant', at(5), undefined, undefined, false, 'ask'],
  ['with a grant from before what is known of withdrawals', at(5), granted, undefined, false, 'ask'],
  ['with a grant from after the withdrawal', at(5), granted, { offset: 10, time: 900 }, true, 'given'],
  ['with a grant from before the withdrawal', at(5), granted, { offset: 11, time: 900 }, true, 'withdrawn'],
  ['with such a grant, and a time after it', at(9), granted, { offset: 11, time: 800 }, true, 'withdrawn'],
  ['with such a grant, not covered', at(5), granted, { offset: 11, time: 900 }, false, 'withdrawn'],
  ['without a grant, from before the withdrawal', at(5), undefined, { offset: 11, time: 501 }, false, 'withdrawn'],
  ['without a grant, in the moment of the withdrawal', at(5), undefined, { offset: 11, time: 500 }, false, 'withdrawn'],
  ['without a grant, from after the withdrawal', at(5), undefined, { offset: 11, time: 499 }, false, 'ask'],
  ['at the first place, with a later time', at(0, 9_999), undefined, { offset: 11, time: 500 }, false, 'withdrawn'],
] as const)('a position %s', (_what, since, grant, withdrawn, isCovered, right) => {
  expect(resumeRight({ since, granted: grant, withdrawn, isCovered })).toBe(right);
});
