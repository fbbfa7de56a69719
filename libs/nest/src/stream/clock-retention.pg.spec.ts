import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../test/support/fresh-database.js';
import { FakeClock } from '../core/testing/fake-clock.js';
import { migrate } from './migrations/migrate.js';
import { Partitions } from './partitions.js';
import { PgDatabase } from './pg/pg-database.js';
import { defaultStreamOptions, type StreamOptions } from './stream.options.js';
import { partitionCare } from './stream.metrics.js';
import { MemoryRecorder } from './testing/memory-recorder.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let fresh: FreshDatabase;
let database: PgDatabase;
let schemas = 0;

beforeAll(async () => {
  fresh = await createDatabase();
  database = new PgDatabase({ connectionString: fresh.url }, { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 });
});
afterAll(async () => {
  await database.stop();
  await fresh.drop();
});

/** A log with an event and a publish key for every day from twelve days ago to five days ahead. */
async function newLog(): Promise<string> {
  const schema = `log_${schemas++}`;
  await migrate(database, schema);
  await database.script(`do $$ begin
  for day in -12..5 loop
    execute format('create table ${schema}.%I partition of ${schema}.event for values from (%L) to (%L)',
      'event_' || to_char((now() at time zone 'UTC')::date + day, 'YYYYMMDD'),
      ((now() at time zone 'UTC')::date + day) at time zone 'UTC',
      ((now() at time zone 'UTC')::date + day + 1) at time zone 'UTC');
    insert into ${schema}.event (pos, channel, epoch, "offset", id, type, data, ts)
      values (20 + day, 'a', 'e', 20 + day, 'id' || day + 20, 'thing.happened', '1', now() + day * interval '1 day');
    insert into ${schema}.publish_key (channel, key, epoch, "offset", id, ts)
      values ('a', 'key' || day, 'e', 20 + day, 'id' || day + 20, now() + day * interval '1 day');
  end loop;
end $$`);
  return schema;
}

/** How many days old the events and the keys are that are still there; a day ahead is below zero. */
async function daysIn(schema: string): Promise<{ events: number[]; keys: number[] }> {
  const days = async (table: string): Promise<number[]> => {
    const rows = await database.query(
      `select round(extract(epoch from now() - ts) / 86400)::int as age from ${schema}.${table} order by ts`,
      [],
    );
    return rows.map(({ age }) => Number(age));
  };
  return { events: await days('event'), keys: await days('publish_key') };
}

interface Node {
  readonly aheadMs: number;
  readonly options?: Partial<StreamOptions>;
}

function nodeOn(schema: string, { aheadMs, options = {} }: Node) {
  const [clock, recorder] = [new FakeClock(), new MemoryRecorder()];
  clock.step(Date.now() - clock.now() + aheadMs);
  const parts = { database, recorder, clock, schema: `"${schema}"` };
  return {
    clock,
    recorder,
    partitions: new Partitions({ ...parts, options: { ...defaultStreamOptions, ...options } }),
  };
}

const downTo = (oldest: number): number[] => Array.from({ length: oldest + 6 }, (_, index) => oldest - index);
/** The day in which the retention ends is dropped when all of it has ended. */
const kept = { events: downTo(7), keys: downTo(6) };

/** One log for all, in this order: those that are behind keep more, the others drop what is over. */
describe('a node whose clock is wrong', () => {
  let schema: string;
  beforeAll(async () => {
    schema = await newLog();
  });

  // Seen from a database that jumped nine days ahead, a node that is right is nine days behind.
  it.each([
    ['30 days', -30 * DAY_MS],
    ['9 days', -9 * DAY_MS],
  ])('keeps more when it is %s behind, and when the database is so far ahead', async (_how, aheadMs) => {
    const { partitions } = nodeOn(schema, { aheadMs });
    await partitions.start();
    await partitions.stop();
    expect(await daysIn(schema)).toEqual({ events: downTo(12), keys: downTo(12) });
  });

  it('keeps at least as much when it is 2 hours behind', async () => {
    const { partitions } = nodeOn(schema, { aheadMs: -2 * HOUR_MS });
    await partitions.start();
    await partitions.stop();
    const { events, keys } = await daysIn(schema);
    expect(events).toEqual(expect.arrayContaining(kept.events));
    expect(keys).toEqual(expect.arrayContaining(kept.keys));
  });

  it.each([
    ['a thousand years ahead', 365_000 * DAY_MS],
    ['30 days ahead', 30 * DAY_MS],
    ['9 days ahead', 9 * DAY_MS],
    ['2 hours ahead', 2 * HOUR_MS],
    ['right', 0],
  ])('drops what is over and nothing else when it starts: %s', async (_how, aheadMs) => {
    const { partitions, recorder } = nodeOn(schema, { aheadMs });
    await partitions.start();
    await partitions.stop();
    expect(recorder.valueOf(partitionCare, { outcome: 'done' })).toBe(1);
    expect(await daysIn(schema)).toEqual(kept);
  });

  it.each([9 * DAY_MS, 30 * DAY_MS])(
    'drops nothing that is kept when it is stepped by %d ms while it runs',
    async (by) => {
      const { partitions, clock, recorder } = nodeOn(schema, { aheadMs: 0 });
      await partitions.start();
      clock.step(by);
      await clock.advance(defaultStreamOptions.careIntervalMs);
      await partitions.stop();
      expect(recorder.valueOf(partitionCare, { outcome: 'done' })).toBe(2);
      expect(await daysIn(schema)).toEqual(kept);
    },
  );

  it.each([`now() + interval '2 days'`, `'infinity'::timestamptz`])(
    'of the release before, drops nothing that is kept with the cut-off %s',
    async (cutoff) => {
      await dropBefore(schema, cutoff);
      expect((await daysIn(schema)).events).toEqual(kept.events);
    },
  );

  it('never reaches today or the future, however short the retention is', async () => {
    const { partitions } = nodeOn(schema, { aheadMs: 30 * DAY_MS, options: { retentionMs: 60_000 } });
    await partitions.start();
    await partitions.stop();
    expect((await daysIn(schema)).events).toEqual(expect.arrayContaining(downTo(0)));
    for (const ms of ['0', '-86400000', 'null']) {
      const refused = database.query(`select ${schema}.drop_expired(${ms}, now())`, []);
      await expect(refused).rejects.toMatchObject({ code: '22023' });
    }
  });
});

it('of the release before, drops what is over, and neither yesterday nor today before a retention was told', async () => {
  const schema = await newLog();
  await dropBefore(schema, `now() - interval '9 days'`);
  expect((await daysIn(schema)).events).toEqual(downTo(9));
  await dropBefore(schema, `now() + interval '23 days'`);
  expect((await daysIn(schema)).events).toEqual(downTo(1));
});

/** As a node of the release before does it, which names a moment by its own clock. */
async function dropBefore(schema: string, cutoff: string): Promise<void> {
  for (;;) {
    const [row] = await database.query(`select ${schema}.drop_partition(${cutoff}) as name`, []);
    if (row?.['name'] == null) return;
  }
}
