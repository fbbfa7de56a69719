import { beforeAll, expect, it, vi } from 'vitest';
import { CodedError } from '../../../core/coded-error.js';
import type { NewEvent } from '../../../core/stream-event.js';
import type { SqlRow } from '../../sql-database.port.js';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { LostAnswers } from '../lost-answers.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

export function passContract(harness: () => StreamHarness): void {
  let store: SqlStreamStore;
  const query = (sql: string, params: readonly unknown[] = []): Promise<readonly SqlRow[]> =>
    harness().database.query(sql, params);
  const stageMany = async (channel: string, count: number): Promise<void> => {
    await query(
      `insert into millrace.outbox (channel, type, data) select $1::text, 'many.staged', '1' from generate_series(1, $2::int)`,
      [channel, count],
    );
  };
  beforeAll(async () => {
    store = await harness().openStore({ passMaxEvents: 1_000 });
  });

  it('gives direct publishes consecutive offsets, in the order given', async () => {
    const [a, b] = [newChannel(), newChannel()];
    const first = await store.pass([newEvent(a), newEvent(b), newEvent(a)], 'wait');
    expect(first.direct).toMatchObject([
      { kind: 'stored', offset: 1 },
      { kind: 'stored', offset: 1 },
      { kind: 'stored', offset: 2 },
    ]);
    const last = first.batches.find(({ channel }) => channel === a)?.events.at(-1);
    const { batches } = await store.pass([newEvent(a)], 'wait');
    expect(batches).toMatchObject([{ channel: a, prev: 2, prevId: last?.id, events: [{ offset: 3 }] }]);
    expect(batches[0]?.events[0]?.time).toBeGreaterThanOrEqual(last?.time ?? Infinity);
  });

  it('puts staged events before direct ones', async () => {
    const channel = newChannel();
    const [staged, direct] = [newEvent(channel), newEvent(channel)];
    await store.stage(harness().database, staged);
    const { batches } = await store.pass([direct], 'wait');
    expect(batches[0]?.events.map(({ id }) => id)).toEqual([staged.id, direct.id]);
  });

  it('lets a direct publish wait behind staged events of its channel, and of no other', async () => {
    const narrow = await harness().openStore({ passMaxEvents: 2 });
    const [busy, idle] = [newChannel(), newChannel()];
    await stageMany(busy, 3);
    const direct = [newEvent(busy), newEvent(idle)];
    const first = await narrow.pass(direct, 'wait');
    expect(first).toMatchObject({ more: true, direct: [{ kind: 'waiting' }, { kind: 'stored', offset: 1 }] });
    const second = await narrow.pass([direct[0] as NewEvent], 'wait');
    expect(second).toMatchObject({ more: false, direct: [{ kind: 'stored', offset: 4 }] });
  });

  it('bounds a pass in bytes, and takes one event at least', async () => {
    const narrow = await harness().openStore({ passMaxBytes: 100 });
    const channel = newChannel();
    const data = JSON.stringify('x'.repeat(80));
    for (let n = 0; n < 3; n++) await narrow.stage(harness().database, newEvent(channel, { data }));
    const counts: number[] = [];
    for (let more = true; more;) {
      const result = await narrow.pass([], 'wait');
      counts.push(result.batches[0]?.events.length ?? 0);
      more = result.more;
    }
    expect(counts).toEqual([2, 1]);
  });

  it('knows a publish again whose answer was lost', async () => {
    const losing = new LostAnswers(harness().database);
    const node = await harness().openStore({}, { database: losing });
    const event = newEvent(newChannel());
    losing.losing = true;
    await expect(node.pass([event], 'wait')).rejects.toThrow(CodedError);
    losing.losing = false;
    await store.pass([newEvent(event.channel)], 'wait');
    const retried = await node.pass([event], 'wait');
    expect(retried).toMatchObject({ direct: [{ kind: 'stored', id: event.id, offset: 1 }], batches: [] });
  });

  it('never lets the time of a channel fall', async () => {
    const channel = newChannel();
    await store.pass([newEvent(channel)], 'wait');
    const [row] = await query(
      `update millrace.channel set last_ts = last_ts + interval '1 hour' where name = $1
returning (extract(epoch from last_ts) * 1000)::bigint as last`,
      [channel],
    );
    const { batches } = await store.pass([newEvent(channel)], 'wait');
    expect(batches[0]?.events[0]?.time).toBe(row?.['last']);
  });

  it('refuses any other isolation than READ COMMITTED', async () => {
    const transaction = await harness().database.begin();
    await transaction.query('set transaction isolation level repeatable read', []);
    const call = transaction.query('select * from millrace.pass(false, 10, 1000, null, 0)', []);
    await expect(call).rejects.toThrow('READ COMMITTED');
    await transaction.rollback();
  });

  it('raises its lower bound in draining passes, and then reads on above it', async () => {
    const bound = async (): Promise<number> => {
      const [row] = await query('select bound from millrace.staged_bound');
      return Number(row?.['bound']);
    };
    const channel = newChannel();
    const before = await bound();
    // The candidate may be anywhere on its way, and transactions in other databases of the server hold it back.
    await vi.waitFor(
      async () => {
        await stageMany(channel, 1_500);
        for (let more = true; more;) ({ more } = await store.pass([newEvent(channel)], 'wait'));
        expect(await bound()).toBeGreaterThanOrEqual(before + 1_500);
      },
      { timeout: 20_000 },
    );
    await stageMany(channel, 1);
    const { batches } = await store.pass([], 'wait');
    expect(batches[0]?.events).toHaveLength(1);
  });
}
