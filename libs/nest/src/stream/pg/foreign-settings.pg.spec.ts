import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../../test/support/fresh-database.js';
import { act } from '../../command/testing/scripted-gateway.js';
import { TransactionBench } from '../../command/testing/transaction-bench.js';
import { INSERT } from '../../command/testing/note-table.js';
import { systemClock } from '../../core/clock.js';
import { SqlStreamStore } from '../store/sql-stream-store.js';
import { defaultStreamOptions } from '../stream.options.js';
import { MemoryRecorder } from '../testing/memory-recorder.js';
import { PgDatabase } from './pg-database.js';
import { fromPg } from './pg-transactions.js';

const times = { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 };
/** bool, int8, int2, int4, oid, text, float4, float8, json, varchar, jsonb, timestamptz, text[] */
const OIDS = [16, 20, 21, 23, 26, 25, 700, 701, 114, 1043, 3802, 1184, 1009];

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await createDatabase();
});
afterAll(() => fresh.drop());

/** Boots on what another boot has left, publishes in every way, reads it back. */
async function expectUnmoved(pool: pg.Pool): Promise<void> {
  const admin = new pg.Client({ connectionString: fresh.url });
  await admin.connect();
  await admin.query('create schema if not exists elsewhere');
  await admin.query('drop table if exists public.note, elsewhere.note');
  await admin.end();
  const database = new PgDatabase({ pool }, times);
  const bench = await TransactionBench.open(database, fromPg(pool));
  const again = new SqlStreamStore({
    database,
    options: defaultStreamOptions,
    recorder: new MemoryRecorder(),
    clock: systemClock,
  });
  try {
    await again.start();
    const book = randomUUID();
    const { id } = await bench.publish(book, 'direct');
    bench.script.handler = async () => {
      await (bench.script.handle as pg.PoolClient).query(INSERT, [randomUUID()]);
      await bench.publish(book, 'staged');
    };
    expect(await bench.commands.send(act)).toMatchObject({ ok: true, events: [{}] });
    const limits = { maxEvents: 10, maxBytes: 10_000 };
    const read = () => again.history(`notes.${book}` as never, undefined, limits);
    await expect.poll(read).toMatchObject({
      outcome: 'complete',
      events: [
        { offset: 1, id, type: 'note.written', data: '"direct"', time: expect.any(Number) as number },
        { offset: 2, data: '"staged"' },
      ],
    });
  } finally {
    await again.stop();
    await bench.close();
    await pool.end();
  }
}

describe("an application's own settings of the driver", () => {
  const before = OIDS.map((oid) => [oid, pg.types.getTypeParser(oid)] as const);
  afterEach(() => {
    for (const [oid, parse] of before) pg.types.setTypeParser(oid, parse as (text: string) => unknown);
    pg.defaults.binary = false;
    pg.defaults.parseInt8 = false;
    pg.defaults.parseInputDatesAsUTC = false;
  });

  it('do not reach the statements of Millrace, and stay for those of the application', async () => {
    for (const oid of OIDS) pg.types.setTypeParser(oid, () => 'from the application');
    const pool = new pg.Pool({ connectionString: fresh.url, max: 3 });
    const { rows } = await pool.query(`select true as a, 1::int as b, '{}'::jsonb as c`);
    expect(rows).toEqual([{ a: 'from the application', b: 'from the application', c: 'from the application' }]);
    await expectUnmoved(pool);
  });

  it('may be binary', async () => {
    pg.defaults.binary = true;
    await expectUnmoved(new pg.Pool({ connectionString: fresh.url, max: 3 }));
  });

  it('may turn int8 into numbers, and send dates in UTC', async () => {
    pg.defaults.parseInt8 = true;
    pg.defaults.parseInputDatesAsUTC = true;
    await expectUnmoved(new pg.Pool({ connectionString: fresh.url, max: 3 }));
  });

  it('may say how a client of one pool reads', async () => {
    const types = { getTypeParser: () => () => 'from the pool' };
    await expectUnmoved(new pg.Pool({ connectionString: fresh.url, max: 3, types }));
  });
});

describe("an application's own settings of the connection", () => {
  it.each([
    'search_path=elsewhere',
    'datestyle=German',
    'timezone=Asia/Kathmandu',
    'intervalstyle=sql_standard',
    'bytea_output=escape',
    'extra_float_digits=-15',
    'standard_conforming_strings=off',
    'client_encoding=LATIN1',
    'statement_timeout=20000',
    'idle_in_transaction_session_timeout=20000',
    'application_name=theirs',
    'plan_cache_mode=force_generic_plan',
    'row_security=on',
    'synchronous_commit=local',
    'transform_null_equals=on',
    'array_nulls=off',
    'lc_messages=C',
  ])('may be %s', async (setting) => {
    await expectUnmoved(new pg.Pool({ connectionString: fresh.url, max: 3, options: `-c ${setting}` }));
  });
});
