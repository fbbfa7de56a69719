import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../test/support/fresh-database.js';
import { FakeClock } from '../core/testing/fake-clock.js';
import { Partitions } from './partitions.js';
import { PgDatabase } from './pg/pg-database.js';
import { partitionCare, partitionsDropped } from './stream.metrics.js';
import { defaultStreamOptions } from './stream.options.js';
import { StreamHarness } from './testing/stream-harness.js';
import { MemoryRecorder } from './testing/memory-recorder.js';

let fresh: FreshDatabase;
let database: PgDatabase;
let harness: StreamHarness;

beforeAll(async () => {
  fresh = await createDatabase();
  database = new PgDatabase({ connectionString: fresh.url }, { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 });
  harness = new StreamHarness(database, async () => {});
  await harness.openStore();
});
afterAll(async () => {
  await harness.close();
  await database.stop();
  await fresh.drop();
});

it('does not make everybody wait behind a long reader, and drops the partition in a later round', async () => {
  await database.script(
    `create table millrace.event_20200101 partition of millrace.event for values from ('2020-01-01Z') to ('2020-01-02Z')`,
  );
  const reader = await database.begin();
  await reader.query('select count(*) from millrace.event', []);
  const [clock, recorder] = [new FakeClock(), new MemoryRecorder()];
  await clock.advance(Date.parse('2026-01-01') - clock.now());
  const partitions = new Partitions({ database, options: defaultStreamOptions, recorder, clock, schema: '"millrace"' });
  await partitions.start();
  expect(recorder.valueOf(partitionsDropped)).toBe(0);
  await reader.rollback();
  await clock.advance(defaultStreamOptions.careIntervalMs);
  await partitions.stop();
  expect(recorder.valueOf(partitionsDropped)).toBe(1);
  expect(recorder.valueOf(partitionCare, { outcome: 'done' })).toBe(2);
});

it('makes a round with the next one when the database does not answer', async () => {
  const nobody = new PgDatabase(
    { connectionString: 'postgres://nobody@127.0.0.1:1/none' },
    { passTimeoutMs: 1, historyTimeoutMs: 1 },
  );
  const [clock, recorder] = [new FakeClock(), new MemoryRecorder()];
  const partitions = new Partitions({
    database: nobody,
    options: defaultStreamOptions,
    recorder,
    clock,
    schema: '"millrace"',
  });
  await expect(partitions.start()).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE' });
  await partitions.stop();
  expect(clock.pending).toBe(0);
});
