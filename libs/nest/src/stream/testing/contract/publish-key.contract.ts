import { beforeAll, expect, it } from 'vitest';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

export function publishKeyContract(harness: () => StreamHarness): void {
  let store: SqlStreamStore;
  beforeAll(async () => {
    store = await harness().openStore();
  });

  it('answers a repeated key with the first event', async () => {
    const channel = newChannel();
    const first = newEvent(channel, { key: 'k' });
    await store.pass([first], 'wait');
    const again = await store.pass([newEvent(channel, { key: 'k' }), newEvent(channel)], 'wait');
    expect(again.direct).toMatchObject([
      { kind: 'stored', id: first.id, offset: 1 },
      { kind: 'stored', offset: 2 },
    ]);
  });

  it('stores one of several with one key in one pass, staged or direct', async () => {
    const channel = newChannel();
    const [one, two] = [newEvent(channel, { key: 'k' }), newEvent(channel, { key: 'k' })];
    await store.stage(harness().database, one);
    await store.stage(harness().database, two);
    const result = await store.pass([newEvent(channel, { key: 'k' })], 'wait');
    expect(result.batches).toMatchObject([{ events: [{ offset: 1, id: one.id }] }]);
    expect(result.batches[0]?.events).toHaveLength(1);
    expect(result.direct).toMatchObject([{ kind: 'stored', id: one.id, offset: 1 }]);
  });

  it('takes one key on two channels for two', async () => {
    const result = await store.pass(
      [newEvent(newChannel(), { key: 'k' }), newEvent(newChannel(), { key: 'k' })],
      'wait',
    );
    expect(result.batches).toHaveLength(2);
  });

  it('knows a key across the partitions of its event', async () => {
    const channel = newChannel();
    const first = newEvent(channel, { key: 'k' });
    await store.pass([first], 'wait');
    const moved = await harness().database.query(
      `update millrace.event set ts = ts - interval '1 day' where id = $1 returning tableoid::regclass::text as part`,
      [first.id],
    );
    expect(moved).toHaveLength(1);
    const again = await store.pass([newEvent(channel, { key: 'k' })], 'wait');
    expect(again.direct).toMatchObject([{ kind: 'stored', id: first.id, offset: 1 }]);
  });
}
