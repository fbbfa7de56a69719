import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Outbox } from '../../outbox.port.js';
import { SqlOutbox } from '../../store/sql-outbox.js';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

const all = { after: '0', maxEvents: 10, maxBytes: 100_000 };

/** What an operator sees of the outbox, and can do with events that were set aside. */
export function outboxContract(harness: () => StreamHarness): void {
  let store: SqlStreamStore;
  let outbox: Outbox;
  const forbid = (): Promise<void> =>
    harness().database.script(`alter table millrace.event add constraint no_odd check (type <> 'odd') not valid`);
  const allow = (): Promise<void> =>
    harness().database.script('alter table millrace.event drop constraint if exists no_odd');
  const drain = async (): Promise<void> => {
    while ((await store.pass([], 'wait')).more);
  };
  beforeAll(async () => {
    store = await harness().openStore();
    outbox = new SqlOutbox(harness().database, 'millrace');
    await harness().database.query('delete from millrace.dead_letter', []);
    await drain();
  });
  afterAll(allow);

  it('shows what waits, by pages that are bounded in events and in bytes', async () => {
    const { database } = harness();
    const channel = newChannel();
    const events = [10, 500, 20, 30].map((length) => newEvent(channel, { data: `"${'x'.repeat(length - 2)}"` }));
    for (const event of events) await store.stage(database, event);
    await database.query(`update millrace.outbox set staged_at = staged_at - interval '1 minute'`, []);
    const { oldestAgeMs, ...counts } = await outbox.summary();
    expect(counts).toEqual({ staged: 4, deadLetters: 0 });
    expect(oldestAgeMs).toBeGreaterThanOrEqual(60_000);

    const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);
    const [one, two, three, four] = idsOf(events);
    const first = await outbox.staged({ ...all, maxEvents: 3 });
    expect(idsOf(first)).toEqual([one, two, three]);
    expect(first[0]).toMatchObject({ channel, type: 'thing.happened', data: events[0]?.data });
    expect(idsOf(await outbox.staged({ ...all, after: first[2]?.seq ?? '' }))).toEqual([four]);
    expect(idsOf(await outbox.staged({ ...all, maxBytes: 11 }))).toEqual([one, two]);
    expect(idsOf(await outbox.staged({ ...all, maxBytes: 510 }))).toEqual([one, two]);
    expect(idsOf(await outbox.staged({ ...all, maxBytes: 1 }))).toEqual([one]);
    await drain();
    expect(await outbox.staged(all)).toEqual([]);
    expect(await outbox.summary()).toEqual({ staged: 0, oldestAgeMs: 0, deadLetters: 0 });
  });

  it('lists dead letters by pages, numbers one again when it is retried, and forgets one that is dropped', async () => {
    const { database } = harness();
    const channel = newChannel();
    const events = ['odd', 'good', 'odd', 'odd'].map((type) => newEvent(channel, { type }));
    await forbid();
    for (const event of events) await store.stage(database, event);
    await drain();
    expect(await outbox.summary()).toEqual({ staged: 0, oldestAgeMs: 0, deadLetters: 3 });

    const first = await outbox.deadLetters({ ...all, maxEvents: 2 });
    const rest = await outbox.deadLetters({ ...all, after: first[1]?.seq ?? '' });
    expect([...first, ...rest].map(({ id }) => id)).toEqual([events[0]?.id, events[2]?.id, events[3]?.id]);
    expect(await outbox.deadLetters({ ...all, maxBytes: 1 })).toEqual(first.slice(0, 1));
    expect(first[0]).toMatchObject({
      channel,
      type: 'odd',
      data: '{"n":1}',
      error: expect.stringContaining('no_odd') as string,
    });
    expect(first[0]?.setAsideAt).toBeGreaterThanOrEqual(first[0]?.stagedAt ?? Infinity);

    await allow();
    expect(await outbox.retry(first[0]?.seq ?? '')).toBe(true);
    expect(await outbox.drop(first[1]?.seq ?? '')).toBe(true);
    expect(await outbox.retry(first[0]?.seq ?? '')).toBe(false);
    expect(await outbox.drop(first[0]?.seq ?? '')).toBe(false);
    await drain();
    const page = await store.history(channel, undefined, { maxEvents: 10, maxBytes: 100_000 });
    expect(page.outcome === 'complete' && page.events.map(({ id, offset }) => [id, offset])).toEqual([
      [events[1]?.id, 1],
      [events[0]?.id, 2],
    ]);
    expect((await outbox.summary()).deadLetters).toBe(1);
  });

  it('keeps the key of a letter, so that a publish that was repeated meanwhile is not numbered twice', async () => {
    const { database } = harness();
    const channel = newChannel();
    await forbid();
    await store.stage(database, newEvent(channel, { type: 'odd', key: 'once' }));
    await drain();
    const letters = await outbox.deadLetters({ ...all, maxEvents: 500 });
    const letter = letters.find((one) => one.channel === channel);
    await allow();
    const repeated = newEvent(channel, { key: 'once' });
    await store.stage(database, repeated);
    await drain();
    expect(await outbox.retry(letter?.seq ?? '')).toBe(true);
    await drain();
    const page = await store.history(channel, undefined, { maxEvents: 10, maxBytes: 100_000 });
    expect(page.outcome === 'complete' && page.events.map(({ id }) => id)).toEqual([repeated.id]);
  });
}
