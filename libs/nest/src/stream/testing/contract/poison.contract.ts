import { afterAll, beforeAll, expect, it } from 'vitest';
import { deadLetters } from '../../stream.metrics.js';
import type { SqlStreamStore } from '../../store/sql-stream-store.js';
import { newChannel, newEvent, type StreamHarness } from '../stream-harness.js';

/** A row that can be staged and not numbered: somebody added a rule to the table of events alone. */
export function poisonContract(harness: () => StreamHarness): void {
  let store: SqlStreamStore;
  beforeAll(async () => {
    store = await harness().openStore({ passMaxEvents: 50 });
    await harness().database.script(`alter table millrace.event add constraint no_bad check (type <> 'bad') not valid`);
  });
  afterAll(() => harness().database.script('alter table millrace.event drop constraint no_bad'));

  it('sets a bad staged row aside, counts it, and numbers its neighbours in order', async () => {
    const counted = harness().recorder.valueOf(deadLetters);
    const channel = newChannel();
    const events = Array.from({ length: 40 }, (_, n) => newEvent(channel, { type: n === 27 ? 'bad' : 'good' }));
    for (const event of events) await store.stage(harness().database, event);
    const batches = [];
    for (let more = true; more;) {
      const result = await store.pass([], 'wait');
      batches.push(...result.batches);
      more = result.more;
    }
    const ids = batches.flatMap((batch) => batch.events.map(({ id }) => id));
    expect(ids).toEqual(events.filter(({ type }) => type === 'good').map(({ id }) => id));
    expect(batches.at(-1)?.events.at(-1)?.offset).toBe(39);
    expect(harness().recorder.valueOf(deadLetters)).toBe(counted + 1);
    const letters = await harness().database.query('select id, error from millrace.dead_letter where channel = $1', [
      channel,
    ]);
    expect(letters).toEqual([{ id: events[27]?.id, error: expect.stringContaining('no_bad') as string }]);
  });

  it('fails a bad direct publish alone', async () => {
    const channel = newChannel();
    const staged = newEvent(channel);
    await store.stage(harness().database, staged);
    const direct = ['good', 'bad', 'good', 'good'].map((type) => newEvent(channel, { type }));
    const result = await store.pass(direct, 'wait');
    expect(result.direct).toMatchObject([
      { kind: 'stored', offset: 2 },
      { kind: 'failed', error: { code: 'EVENT_INVALID' } },
      { kind: 'stored', offset: 3 },
      { kind: 'stored', offset: 4 },
    ]);
    expect(result.batches.flatMap(({ events }) => events.map(({ offset }) => offset))).toEqual([1, 2, 3, 4]);
  });

  it('does not condemn rows for a missing partition, but makes it', async () => {
    const channel = newChannel();
    const [row] = await harness().database.query(
      `select 'event_' || to_char(now() at time zone 'UTC', 'YYYYMMDD') as today`,
      [],
    );
    await harness().database.script(`alter table millrace.event detach partition millrace.${String(row?.['today'])}`);
    await harness().database.script(`drop table millrace.${String(row?.['today'])}`);
    await store.stage(harness().database, newEvent(channel));
    const { batches } = await store.pass([newEvent(channel)], 'wait');
    expect(batches[0]?.events).toHaveLength(2);
  });
}
