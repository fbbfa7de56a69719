import type { ChannelName } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../../test/support/fresh-database.js';
import { FakeClock } from '../../core/testing/fake-clock.js';
import type { SqlTransaction } from '../sql-database.port.js';
import type { SqlStreamStore } from '../store/sql-stream-store.js';
import { failureOf } from '../testing/failure-of.js';
import { newChannel, newEvent, StreamHarness } from '../testing/stream-harness.js';
import { PgDatabase } from './pg-database.js';

let fresh: FreshDatabase;
let database: PgDatabase;
let harness: StreamHarness;
let store: SqlStreamStore;
const clock = new FakeClock();
const open = (): PgDatabase =>
  new PgDatabase({ connectionString: fresh.url }, { passTimeoutMs: 1_000, historyTimeoutMs: 5_000, clock });

beforeAll(async () => {
  fresh = await createDatabase();
  database = open();
  harness = new StreamHarness(database, async () => {});
  // Wide enough that one pass drains what a test staged: nothing else may complete meanwhile.
  store = await harness.openStore({ passMaxEvents: 5_000 });
});
afterAll(async () => {
  await harness.close();
  await database.stop();
  await fresh.drop();
});

/** Somebody else's pass, which takes as long as a test wants. */
async function holdLock(): Promise<SqlTransaction> {
  const holder = await database.begin();
  await holder.query(`select pg_advisory_xact_lock(hashtextextended('millrace.pass."millrace"', 0))`, []);
  return holder;
}

const waitingForLock = async (count: number): Promise<void> => {
  await vi.waitFor(
    async () => {
      const rows = await database.query(`select 1 from pg_locks where locktype = 'advisory' and not granted`, []);
      expect(rows).toHaveLength(count);
    },
    { timeout: 5_000, interval: 10 },
  );
};

async function drain(): Promise<void> {
  while ((await store.pass([], 'wait')).more);
}

const stageMany = (transaction: SqlTransaction, channel: ChannelName, count: number) =>
  transaction.query(
    `insert into millrace.outbox (channel, type, data) select $1::text, 'many.staged', '1' from generate_series(1, $2::int)`,
    [channel, count],
  );

describe('the lock', () => {
  it('lets a poll give up at once, and a pass wait', async () => {
    const holder = await holdLock();
    const event = newEvent(newChannel());
    expect(await store.pass([], 'try')).toMatchObject({ ran: false, batches: [] });
    const pass = store.pass([event], 'wait');
    await waitingForLock(1);
    await holder.commit();
    expect(await pass).toMatchObject({ ran: true, direct: [{ kind: 'stored', offset: 1 }] });
  });

  it('is not needed to stage', async () => {
    const holder = await holdLock();
    const event = newEvent(newChannel());
    const transaction = await database.begin();
    await store.stage(transaction, event);
    await transaction.commit();
    await holder.rollback();
    const { batches } = await store.pass([], 'wait');
    expect(batches).toMatchObject([{ events: [{ id: event.id }] }]);
  });

  it('stores an event once when the call that was given up comes through after all', async () => {
    const holder = await holdLock();
    const event = newEvent(newChannel());
    const failure = failureOf(store.pass([event], 'wait'));
    await waitingForLock(1);
    await clock.advance(1_000);
    expect(await failure).toMatchObject({ code: 'STREAM_UNAVAILABLE', detail: { outcome: 'unknown' } });
    const retried = store.pass([event], 'wait');
    await waitingForLock(2);
    await holder.commit();
    expect(await retried).toMatchObject({ direct: [{ kind: 'stored', id: event.id, offset: 1 }], batches: [] });
    expect(await store.head(event.channel)).toMatchObject({ offset: 1, id: event.id });
  });
});

describe('the lower bound', () => {
  const bound = async (): Promise<number> => {
    const [row] = await database.query('select bound from millrace.staged_bound', []);
    return Number(row?.['bound']);
  };

  it('never passes a lower seq that commits late, even of a transaction younger than the newest one seen', async () => {
    const [busy, late] = [newChannel(), newChannel()];
    const event = newEvent(late);
    const older = await database.begin();
    await stageMany(older, busy, 1);
    const younger = await database.begin();
    await store.stage(younger, event);
    await stageMany(older, busy, 3_000);
    await older.commit();
    const [row] = await younger.query('select seq from millrace.outbox where id = $1', [event.id]);
    for (let round = 0; round < 5; round++) {
      await drain();
      const others = await database.begin();
      await stageMany(others, busy, 10);
      await others.commit();
    }
    const meanwhile = await bound();
    await younger.commit();
    await drain();
    expect(await store.head(late)).toMatchObject({ offset: 1, id: event.id });
    expect(meanwhile).toBeLessThanOrEqual(Number(row?.['seq']));
  });

  it('follows when every transaction below it has ended', async () => {
    const before = await bound();
    // A transaction in any database of the server holds it back for as long as it runs: those of other files, here.
    await vi.waitFor(
      async () => {
        const others = await database.begin();
        await stageMany(others, newChannel(), 2_000);
        await others.commit();
        await drain();
        expect(await bound()).toBeGreaterThan(before + 2_000);
      },
      { timeout: 20_000 },
    );
  });
});
