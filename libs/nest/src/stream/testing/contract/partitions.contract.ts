import { expect, it } from 'vitest';
import { partitionsAhead, partitionsDropped } from '../../stream.metrics.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

export function partitionsContract(harness: () => StreamHarness): void {
  const partitions = async (): Promise<readonly string[]> => {
    const rows = await harness().database.query(
      `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound from pg_inherits i
join pg_class c on c.oid = i.inhrelid where i.inhparent = 'millrace.event'::regclass order by 1`,
      [],
    );
    expect(rows.map((row) => row['bound'])).not.toContain('DEFAULT');
    return rows.map((row) => String(row['name']));
  };

  it('makes the partitions of a week ahead, and says how many there are', async () => {
    await harness().openStore();
    expect(await partitions()).toHaveLength(9);
    expect(harness().recorder.valueOf(partitionsAhead)).toBe(7);
  });

  it('makes more when asked for, and none twice', async () => {
    await harness().openStore({ partitionsAheadDays: 9 });
    await harness().openStore({ partitionsAheadDays: 9 });
    expect(await partitions()).toHaveLength(11);
    expect(harness().recorder.valueOf(partitionsAhead)).toBe(9);
  });

  it('drops a partition whose retention has ended, and keeps it for a channel with a longer one', async () => {
    await harness().database.script(
      `create table millrace.event_20200101 partition of millrace.event for values from ('2020-01-01Z') to ('2020-01-02Z')`,
    );
    const dropped = harness().recorder.valueOf(partitionsDropped);
    await harness().openStore({ channelRetentionMs: { 'kept.:id': 20 * 365 * 86_400_000 } });
    expect(await partitions()).toContain('event_20200101');
    await harness().openStore();
    expect(await partitions()).not.toContain('event_20200101');
    expect(harness().recorder.valueOf(partitionsDropped)).toBe(dropped + 1);
  });

  it('goes on with a channel whose time is weeks ahead, since the clock was set back, and with all others', async () => {
    const store = await harness().openStore();
    const [ahead, other] = [newChannel(), newChannel()];
    await store.pass([newEvent(ahead)], 'wait');
    await harness().database.query(
      `update millrace.channel set last_ts = last_ts + interval '20 days' where name = $1::text`,
      [ahead],
    );
    await store.stage(harness().database, newEvent(ahead));
    const { direct } = await store.pass([newEvent(other)], 'wait');
    expect(direct).toMatchObject([{ kind: 'stored', offset: 1 }]);
    expect(await store.head(ahead)).toMatchObject({ offset: 2 });
    await harness().database.query('delete from millrace.channel where name = $1::text', [ahead]);
  });
}
