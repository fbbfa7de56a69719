import type { ChannelName } from '@millrace/protocol';
import { Logger } from '@nestjs/common';
import { beforeAll, expect, it, vi } from 'vitest';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

export function epochContract(harness: () => StreamHarness): void {
  let store: SqlStreamStore;
  const all = { maxEvents: 100, maxBytes: 100_000 };
  const publish = (channel: ChannelName, count = 1) =>
    store.pass(
      Array.from({ length: count }, () => newEvent(channel)),
      'wait',
    );
  beforeAll(async () => {
    store = await harness().openStore();
  });

  it('lets who waits on an empty channel resume there', async () => {
    const channel = newChannel();
    const empty = await store.head(channel);
    expect(empty).toMatchObject({ offset: 0, id: '', time: 0 });
    expect(await store.history(channel, empty, all)).toMatchObject({
      outcome: 'complete',
      events: [],
      position: empty,
    });
    await publish(channel);
    expect(await store.history(channel, empty, all)).toMatchObject({ outcome: 'complete', events: [{ offset: 1 }] });
  });

  it('gives channels different epochs', async () => {
    const [a, b] = [await store.head(newChannel()), await store.head(newChannel())];
    expect(a.epoch).not.toBe(b.epoch);
  });

  it('starts a new life when the channel was lost and its events were not', async () => {
    const channel = newChannel();
    await publish(channel, 3);
    const before = await store.head(channel);
    await harness().database.query('delete from millrace.channel where name = $1', [channel]);
    const { direct } = await publish(channel);
    expect(direct).toMatchObject([{ kind: 'stored', offset: 1 }]);
    expect((await store.head(channel)).epoch).not.toBe(before.epoch);
    expect(await store.history(channel, before, all)).toMatchObject({ outcome: 'unrecoverable', reason: 'epoch' });
    expect(await store.history(channel, undefined, all)).toMatchObject({ events: [{ offset: 1 }] });
  });

  it('starts a new life when a node starts and finds the head below the events', async () => {
    const channel = newChannel();
    await publish(channel);
    const before = await store.head(channel);
    await publish(channel, 2);
    await harness().database.query(
      `update millrace.channel set head = 1, last_id = $2, last_ts = to_timestamp($3::float8 / 1000) where name = $1`,
      [channel, before.id, before.time],
    );
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    await harness().openStore();
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
    const { batches } = await publish(channel);
    expect(batches).toMatchObject([{ channel, prev: 0, prevId: '', events: [{ offset: 1 }] }]);
    expect(batches[0]?.epoch).not.toBe(before.epoch);
  });

  it('renews an epoch for an operator, once however often it is asked', async () => {
    const channel = newChannel();
    await publish(channel, 2);
    const old = await store.head(channel);
    const renew = async () => {
      await harness().database.query('select millrace.renew_epoch($1::text, $2::text)', [channel, old.epoch]);
      return store.head(channel);
    };
    const renewed = await renew();
    expect(renewed).toMatchObject({ offset: 0, id: '' });
    expect(renewed.epoch).not.toBe(old.epoch);
    expect(await renew()).toEqual(renewed);
    const { direct } = await publish(channel);
    expect(direct).toMatchObject([{ kind: 'stored', epoch: renewed.epoch, offset: 1 }]);
  });
}
