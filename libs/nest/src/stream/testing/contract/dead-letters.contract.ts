import { afterAll, beforeAll, expect, it } from 'vitest';
import { dropDeadLetter, retryDeadLetter, selectDeadLetters, selectOutbox } from '../../store/dead-letters.js';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

const SCHEMA = 'millrace';

/** What an operator can do with events that were set aside. */
export function deadLettersContract(harness: () => StreamHarness): void {
  let store: SqlStreamStore;
  const forbid = (): Promise<void> =>
    harness().database.script(`alter table millrace.event add constraint no_odd check (type <> 'odd') not valid`);
  const allow = (): Promise<void> =>
    harness().database.script('alter table millrace.event drop constraint if exists no_odd');
  const drain = async (): Promise<void> => {
    while ((await store.pass([], 'wait')).more);
  };
  beforeAll(async () => {
    store = await harness().openStore();
    await harness().database.query('delete from millrace.dead_letter', []);
    await forbid();
  });
  afterAll(allow);

  it('lists them by pages, numbers one again when it is retried, and forgets one that is dropped', async () => {
    const { database } = harness();
    const channel = newChannel();
    const events = ['odd', 'good', 'odd', 'odd'].map((type) => newEvent(channel, { type }));
    for (const event of events) await store.stage(database, event);
    expect(await selectOutbox(database, SCHEMA)).toMatchObject({ staged: 4, deadLetters: 0 });
    await drain();
    expect(await selectOutbox(database, SCHEMA)).toEqual({ staged: 0, oldestAgeMs: 0, deadLetters: 3 });

    const first = await selectDeadLetters(database, SCHEMA, { after: '0', limit: 2 });
    const rest = await selectDeadLetters(database, SCHEMA, { after: first[1]?.seq ?? '', limit: 2 });
    expect([...first, ...rest].map(({ id }) => id)).toEqual([events[0]?.id, events[2]?.id, events[3]?.id]);
    expect(first[0]).toMatchObject({
      channel,
      type: 'odd',
      data: '{"n":1}',
      error: expect.stringContaining('no_odd') as string,
    });
    expect(first[0]?.setAsideAt).toBeGreaterThanOrEqual(first[0]?.stagedAt ?? Infinity);

    await allow();
    expect(await retryDeadLetter(database, SCHEMA, first[0]?.seq ?? '')).toBe(true);
    expect(await dropDeadLetter(database, SCHEMA, first[1]?.seq ?? '')).toBe(true);
    for (const act of [retryDeadLetter, dropDeadLetter]) {
      expect(await act(database, SCHEMA, first[0]?.seq ?? '')).toBe(false);
    }
    await drain();
    const page = await store.history(channel, undefined, { maxEvents: 10, maxBytes: 100_000 });
    expect(page.outcome === 'complete' && page.events.map(({ id, offset }) => [id, offset])).toEqual([
      [events[1]?.id, 1],
      [events[0]?.id, 2],
    ]);
    expect((await selectOutbox(database, SCHEMA)).deadLetters).toBe(1);
  });
}
