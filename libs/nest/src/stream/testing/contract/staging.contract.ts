import { beforeAll, expect, it } from 'vitest';
import type { NewEvent } from '../../../core/stream-event.js';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

export function stagingContract(harness: () => StreamHarness): void {
  let store: SqlStreamStore;
  const all = { maxEvents: 100, maxBytes: 100_000 };
  beforeAll(async () => {
    store = await harness().openStore();
  });

  it('numbers a staged event after its commit', async () => {
    const channel = newChannel();
    const event = newEvent(channel, { cause: { commandId: 'c1', principal: 'p1' } });
    const transaction = await harness().database.begin();
    await store.stage(transaction, event);
    await transaction.commit();
    const { batches, more } = await store.pass([], 'wait');
    expect(more).toBe(false);
    expect(batches).toMatchObject([
      { channel, prev: 0, prevId: '', events: [{ offset: 1, id: event.id, type: event.type, data: event.data }] },
    ]);
    const [row] = await harness().database.query('select cause from millrace.event where id = $1', [event.id]);
    expect(row).toEqual({ cause: { commandId: 'c1', principal: 'p1' } });
  });

  it('leaves nothing of a roll-back, and no hole', async () => {
    const channel = newChannel();
    const lost = await harness().database.begin();
    await store.stage(lost, newEvent(channel));
    await lost.rollback();
    const kept = newEvent(channel);
    await store.stage(harness().database, kept);
    await store.pass([], 'wait');
    const page = await store.history(channel, undefined, all);
    expect(page).toMatchObject({ outcome: 'complete', events: [{ offset: 1, id: kept.id }] });
  });

  it('stages through the SQL function publish', async () => {
    const channel = newChannel();
    const [row] = await harness().database.query(`select millrace.publish($1::text, 'row.changed', '{"a":1}') as id`, [
      channel,
    ]);
    const { batches } = await store.pass([], 'wait');
    expect(batches[0]?.events).toMatchObject([{ offset: 1, id: row?.['id'], type: 'row.changed', data: '{"a": 1}' }]);
  });

  it.each<[string, Partial<NewEvent>]>([
    ['a name out of the grammar', { channel: 'no/channel' as ReturnType<typeof newChannel> }],
    ['a name of 256 bytes', { channel: 'x'.repeat(256) as ReturnType<typeof newChannel> }],
    ['data that is not JSON', { data: '{oops' }],
    ['data beyond the bound', { data: JSON.stringify('x'.repeat(1_048_576)) }],
    ['an empty type', { type: '' }],
    ...['discontinuity', 'recovered', 'error', 'state'].map((type): [string, Partial<NewEvent>] => [
      `the type "${type}"`,
      { type },
    ]),
    ['an id that no position token can carry', { id: 'a.b' }],
    ['an id of more than a line', { id: 'a\n' }],
    ['an id of 65 bytes', { id: 'x'.repeat(65) }],
    ['an empty id', { id: '' }],
    ['an empty key', { key: '' }],
  ])('refuses %s at the INSERT', async (_, wrong) => {
    const staged = store.stage(harness().database, newEvent(newChannel(), wrong));
    await expect(staged).rejects.toMatchObject({ code: expect.stringMatching(/^2[23]/) as string });
  });
}
