import type { ChannelName } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { openPg } from '../../stream/testing/open-pg.js';
import { newEvent, type StreamHarness } from '../../stream/testing/stream-harness.js';
import type { StreamStore } from '../../stream/stream-store.port.js';
import { accessChannelName } from '../access-channel.js';
import { Withdrawals } from './withdrawals.js';

const sfo = 'desk.SFO' as ChannelName;

describe('a node that starts knows the withdrawals of the log', () => {
  let harness: StreamHarness;
  let store: StreamStore;
  const open: Withdrawals[] = [];

  beforeAll(async () => {
    harness = await openPg();
    store = await harness.openStore();
  });
  afterAll(async () => {
    for (const one of open) await one.stop();
    await harness.close();
  });

  const started = async (maxKnown?: number): Promise<Withdrawals> => {
    const known = new Withdrawals(store, systemClock, maxKnown);
    open.push(known);
    await known.start();
    return known;
  };

  it('none, some, more than a page, and only the newest where there are too many', async () => {
    const { epoch } = await store.head(accessChannelName);
    const none = await started();
    expect([none.of('s1', sfo), none.covers(epoch, 0)]).toEqual([undefined, true]);

    const subjects = Array.from({ length: 4_100 }, (_, index) => `s${index + 1}`);
    const events = subjects.map((subject) =>
      newEvent(accessChannelName, { type: 'access.revoked', data: JSON.stringify({ subject }) }),
    );
    for (let start = 0; start < events.length; start += 500) await store.pass(events.slice(start, start + 500), 'wait');

    const all = await started();
    expect(['s1', 's2001', 's4100'].map((subject) => all.of(subject, sfo)?.offset)).toEqual([1, 2001, 4100]);
    expect([all.covers(epoch, 0), all.of('s1', sfo)!.time > 0]).toEqual([true, true]);

    const newest = await started(100);
    expect(['s4000', 's4001', 's4100'].map((subject) => newest.of(subject, sfo)?.offset)).toEqual([
      undefined,
      4001,
      4100,
    ]);
    expect([3_999, 4_000].map((offset) => newest.covers(epoch, offset))).toEqual([false, true]);
  });
});
