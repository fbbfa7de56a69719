import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../core/testing/fake-clock.js';
import type { PgTimes } from '../pg/pg-database.js';
import type { SqlDatabase, SqlTransaction } from '../sql-database.port.js';
import type { SqlStreamStore } from '../store/sql-stream-store.js';
import { failureOf } from './failure-of.js';
import { newChannel, newEvent, type StreamHarness } from './stream-harness.js';

/** Somebody else's pass, which takes as long as a test wants. */
export async function holdPassLock(database: SqlDatabase): Promise<SqlTransaction> {
  const holder = await database.begin();
  await holder.query(`select from millrace.work_lock where what = 'pass' for update`, []);
  return holder;
}

/** Waits until so many passes wait for the lock of this database. */
export const passesWaiting = (database: SqlDatabase, count: number): Promise<void> =>
  vi.waitFor(
    async () => {
      const rows = await database.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
and query like '%.pass(%'`,
        [],
      );
      expect(rows).toHaveLength(count);
    },
    { timeout: 5_000, interval: 10 },
  );

/** One pass at a time, whoever has which connection to the server. */
export function passLockContract(name: string, open: (times: PgTimes) => Promise<StreamHarness>): void {
  describe(`the lock of the pass on ${name}`, () => {
    const clock = new FakeClock();
    let harness: StreamHarness;
    let database: SqlDatabase;
    let store: SqlStreamStore;
    beforeAll(async () => {
      harness = await open({ passTimeoutMs: 1_000, historyTimeoutMs: 5_000, clock });
      ({ database } = harness);
      store = await harness.openStore();
    });
    afterAll(() => harness.close());

    it('lets a poll give up at once, and a pass wait', async () => {
      const holder = await holdPassLock(database);
      const event = newEvent(newChannel());
      expect(await store.pass([], 'try')).toMatchObject({ ran: true, batches: [] });
      await store.stage(database, newEvent(newChannel()));
      expect(await store.pass([], 'try')).toMatchObject({ ran: false, batches: [] });
      const pass = store.pass([event], 'wait');
      await passesWaiting(database, 1);
      await holder.commit();
      expect(await pass).toMatchObject({ ran: true, direct: [{ kind: 'stored', offset: 1 }] });
    });

    it('is not needed to stage', async () => {
      const holder = await holdPassLock(database);
      const event = newEvent(newChannel());
      const transaction = await database.begin();
      await store.stage(transaction, event);
      await transaction.commit();
      await holder.rollback();
      const { batches } = await store.pass([], 'wait');
      expect(batches).toMatchObject([{ events: [{ id: event.id }] }]);
    });

    it('stores an event once when the call that was given up comes through after all', async () => {
      const holder = await holdPassLock(database);
      const event = newEvent(newChannel());
      const failure = failureOf(store.pass([event], 'wait'));
      await passesWaiting(database, 1);
      await clock.advance(1_000);
      expect(await failure).toMatchObject({ code: 'STREAM_UNAVAILABLE', detail: { outcome: 'unknown' } });
      const retried = store.pass([event], 'wait');
      await passesWaiting(database, 2);
      await holder.commit();
      expect(await retried).toMatchObject({ direct: [{ kind: 'stored', id: event.id, offset: 1 }], batches: [] });
      expect(await store.head(event.channel)).toMatchObject({ offset: 1, id: event.id });
    });
  });
}
