import type { ChannelName, Epoch } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../core/testing/fake-clock.js';
import { MemoryStreamStore } from '../../hub/testing/memory-stream-store.js';
import { Withdrawals } from './withdrawals.js';

const [sfo, lax] = ['desk.SFO' as ChannelName, 'desk.LAX' as ChannelName];
const a1 = 'a1' as Epoch;

describe('the withdrawals that a node knows', () => {
  const of = (...data: readonly unknown[]): Withdrawals => {
    const known = new Withdrawals(new MemoryStreamStore(), new FakeClock());
    for (const [index, one] of data.entries()) {
      known.note(a1, { offset: index + 1, type: 'access.revoked', time: index * 10, data: JSON.stringify(one) });
    }
    return known;
  };

  it('are found by subject, by channel and by both; the newest counts', () => {
    const known = of({ subject: 'ann' }, { channel: sfo }, { subject: 'bob', channel: lax }, { subject: 'ann' });
    expect(known.of('ann', lax)?.offset).toBe(4);
    expect(known.of('ann', sfo)?.offset).toBe(4);
    expect(known.of('bob', sfo)).toEqual({ offset: 2, time: 10 });
    expect(known.of('bob', lax)?.offset).toBe(3);
    expect(known.of('eve', lax)).toBeUndefined();
  });

  it.each([{}, null, 7, { subject: '' }, { channel: 'no/channel' }])(
    "are everybody's when one names nobody: %j",
    (data) => {
      expect(of(data).of('eve', lax)).toMatchObject({ offset: 1 });
    },
  );

  it("are everybody's when one is no JSON, and leave alone what a newer version may say", () => {
    const known = of();
    known.note(a1, { offset: 1, type: 'access.other', time: 0, data: '{"subject":"ann"}' });
    expect(known.of('ann', sfo)).toBeUndefined();
    known.note(a1, { offset: 2, type: 'access.revoked', time: 0, data: '{' });
    expect(known.of('ann', sfo)).toMatchObject({ offset: 2 });
  });

  it('do not mix up a subject and a channel', () => {
    expect(of({ subject: sfo }).of('ann', sfo)).toBeUndefined();
    expect(of({ channel: sfo }).of(sfo, lax)).toBeUndefined();
  });

  it('are bounded: the oldest are forgotten, and prove nothing any more', () => {
    const known = new Withdrawals(new MemoryStreamStore(), new FakeClock(), 3);
    for (let offset = 1; offset <= 5; offset++) {
      const data = JSON.stringify({ subject: `s${offset}` });
      known.note(a1, { offset, type: 'access.revoked', time: 0, data });
    }
    expect([1, 2, 3, 4, 5].map((one) => known.of(`s${one}`, sfo)?.offset)).toEqual([undefined, undefined, 3, 4, 5]);
    expect([1, 2, 5].map((offset) => known.covers(a1, offset))).toEqual([false, true, true]);
  });

  it('of another life of the log are before all that this one has', () => {
    const known = of({ subject: 'ann' }, { subject: 'ann' });
    known.note('a2', { offset: 1, type: 'access.revoked', time: 99, data: '{"subject":"bob"}' });
    expect(known.of('ann', sfo)).toEqual({ offset: 0, time: 10 });
    expect([known.covers(a1, 2), known.covers('a2' as Epoch, 0)]).toEqual([false, true]);
  });

  it('are whole again once those that the hub left out are read', async () => {
    const [clock, store] = [new FakeClock(), new MemoryStreamStore()];
    const known = new Withdrawals(store, clock);
    await known.start();
    expect([known.isWhole, known.covers('epoch1' as Epoch, 0)]).toEqual([true, true]);
    store.failing = true;
    known.missed();
    await clock.advance(1_000);
    expect(known.isWhole).toBe(false);
    store.failing = false;
    store.hold();
    await clock.advance(300);
    known.missed();
    store.release();
    await clock.advance(0);
    // That read began before the second hole.
    expect(known.isWhole).toBe(false);
    await clock.advance(300);
    expect(known.isWhole).toBe(true);
    await known.stop();
  });
});
