import type { ChannelName } from '@millrace/protocol';
import { beforeAll, expect, it } from 'vitest';
import { ACCESS_CHANNEL } from '../../../core/own-channels.js';
import type { EventBatch } from '../../../core/stream-event.js';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

const access = ACCESS_CHANNEL as ChannelName;

export function withdrawalsContract(harness: () => StreamHarness): void {
  let store: SqlStreamStore;
  let other: SqlStreamStore;
  const all = { maxEvents: 100, maxBytes: 100_000 };
  const newest = async () => {
    const { epoch, offset, id } = await store.head(access);
    return { epoch, offset, id };
  };
  const marks = (batches: readonly EventBatch[]) => batches.map((batch) => batch.access);
  beforeAll(async () => {
    store = await harness().openStore();
    other = await harness().openStore();
  });

  it('tells with what a pass numbered, and with a page, that nothing was ever withdrawn', async () => {
    const channel = newChannel();
    const { batches } = await store.pass([newEvent(channel)], 'wait');
    const page = await store.history(channel, undefined, all);
    expect([...marks(batches), page.access]).toEqual([await newest(), await newest()]);
  });

  it('tells the newest withdrawal, whoever numbered it', async () => {
    const channel = newChannel();
    const before = await newest();
    await other.pass([newEvent(access)], 'wait');
    const mark = await newest();
    expect(mark.offset).toBe(before.offset + 1);
    const { batches } = await store.pass([newEvent(channel), newEvent(newChannel())], 'wait');
    expect(marks(batches)).toEqual([mark, mark]);
    const page = await store.history(channel, await store.head(channel), all);
    expect(page.access).toEqual(mark);
    expect(await store.history(channel, { ...(await store.head(channel)), id: 'x' }, all)).toMatchObject({
      outcome: 'unrecoverable',
      access: mark,
    });
  });

  it('tells one that the same pass numbered, and hands it on before everything else', async () => {
    const [first, later] = [newEvent(newChannel()), newEvent(newChannel())];
    await store.stage(harness().database, first);
    await store.stage(harness().database, newEvent(access));
    const { batches } = await store.pass([later], 'wait');
    expect(batches.map(({ channel }) => channel)).toEqual([access, first.channel, later.channel]);
    const mark = await newest();
    expect(marks(batches)).toEqual([mark, mark, mark]);
  });

  it.each(['_millrace', '_millrace.access', '_millrace.canary.x', '_millrace.later'])(
    'are written by nodes alone: %s is refused to SQL',
    async (name) => {
      const sql = `insert into millrace.outbox (channel, type, data) values ($1::text, 'access.revoked', 'null')`;
      const { database } = harness();
      await expect(database.query(sql, [name])).rejects.toMatchObject({ code: '23514' });
      const publish = `select millrace.publish($1::text, 'access.revoked', '{"subject":"ann"}')`;
      await expect(database.query(publish, [name])).rejects.toMatchObject({ code: '23514' });
      expect(await store.stage(database, newEvent(name as ChannelName))).toBe('staged');
      await store.pass([], 'wait');
    },
  );

  it.each([
    ['ann', null, { subject: 'ann' }],
    [null, 'desk.SFO', { channel: 'desk.SFO' }],
    ['Zoë "x"', 'desk.SFO', { subject: 'Zoë "x"', channel: 'desk.SFO' }],
  ])('are written in SQL by a function, of %j on %j', async (subject, channel, data) => {
    const { database } = harness();
    const [row] = await database.query('select millrace.withdraw_access($1::text, $2::text) as id', [subject, channel]);
    const { batches } = await store.pass([], 'wait');
    expect(batches).toMatchObject([{ channel: access, events: [{ id: row?.['id'], type: 'access.revoked' }] }]);
    expect(JSON.parse(batches[0]?.events[0]?.data ?? '')).toEqual(data);
  });

  it.each([
    [null, null],
    ['', null],
    ['x'.repeat(256), null],
    ['a\nb', null],
    [null, 'no/channel'],
    [null, ''],
    ['ann', 'board.*'],
    [null, 'x'.repeat(256)],
  ])('and the function refuses %j on %j', async (subject, channel) => {
    const call = harness().database.query('select millrace.withdraw_access($1::text, $2::text)', [subject, channel]);
    await expect(call).rejects.toMatchObject({ code: '22023' });
  });

  it('tells of it from a pass that has to take bad rows apart', async () => {
    await other.pass([newEvent(access)], 'wait');
    const channel = newChannel();
    await store.stage(harness().database, newEvent(channel));
    const bad = newEvent(channel, { type: 'x'.repeat(256) });
    const { batches, direct } = await store.pass([bad, newEvent(channel)], 'wait');
    expect(direct.map(({ kind }) => kind)).toEqual(['failed', 'stored']);
    const mark = await newest();
    expect(marks(batches)).toEqual(batches.map(() => mark));
    expect(batches.length).toBeGreaterThan(0);
  });
}
