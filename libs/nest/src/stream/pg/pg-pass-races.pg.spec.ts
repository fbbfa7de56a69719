import type { ChannelName } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SqlDatabase, SqlTransaction } from '../sql-database.port.js';
import type { SqlStreamStore } from '../store/sql-stream-store.js';
import { openPg } from '../testing/open-pg.js';
import { passLockContract } from '../testing/pass-lock.contract.js';
import { newChannel, newEvent, type StreamHarness } from '../testing/stream-harness.js';

passLockContract('PostgreSQL', (times) => openPg(undefined, times));

const stageMany = (transaction: SqlTransaction, channel: ChannelName, count: number) =>
  transaction.query(
    `insert into millrace.outbox (channel, type, data) select $1::text, 'many.staged', '1' from generate_series(1, $2::int)`,
    [channel, count],
  );

describe('the lower bound', () => {
  let harness: StreamHarness;
  let database: SqlDatabase;
  let store: SqlStreamStore;
  beforeAll(async () => {
    harness = await openPg();
    ({ database } = harness);
    // Wide enough that one pass drains what a test staged: nothing else may complete meanwhile.
    store = await harness.openStore({ passMaxEvents: 5_000 });
  });
  afterAll(() => harness.close());

  const drain = async (): Promise<void> => {
    while ((await store.pass([], 'wait')).more);
  };
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
