import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChannelName } from '@millrace/protocol';
import { createDatabase, type FreshDatabase } from '../../../../../test/support/fresh-database.js';
import { ways } from '../../../../../test/support/pgbouncer.js';
import { psql } from '../../../../../test/support/psql.js';
import type { StreamEvent } from '../../core/stream-event.js';
import type { StreamStore } from '../stream-store.port.js';
import { newChannel, StreamHarness } from '../testing/stream-harness.js';
import { PgDatabase } from './pg-database.js';

describe.each(ways)('publish() in SQL, %s', (_way, reach) => {
  let fresh: FreshDatabase;
  let url: string;
  let harness: StreamHarness;
  let store: StreamStore;
  beforeAll(async () => {
    fresh = await createDatabase();
    url = reach(fresh.url);
    const database = new PgDatabase({ connectionString: url }, { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 });
    harness = new StreamHarness(database, () => database.stop());
    store = await harness.openStore();
  });
  afterAll(async () => {
    await harness.close();
    await fresh.drop();
  });

  async function logOf(channel: ChannelName): Promise<readonly StreamEvent[]> {
    while ((await store.pass([], 'wait')).more);
    const page = await store.history(channel, undefined, { maxEvents: 100, maxBytes: 100_000 });
    return page.outcome === 'unrecoverable' ? [] : page.events;
  }

  it('from psql is an event if and only if its transaction commits', async () => {
    const channel = newChannel('sql');
    const say = (n: number): string => `select millrace.publish('${channel}', 'order.placed', '{"n": ${n}}');`;
    const kept = await psql(url, `begin; ${say(1)} ${say(2)} commit; ${say(3)}`);
    expect(kept).toMatchObject({ code: 0, stderr: '' });
    expect(
      await psql(url, `begin; ${say(4)} rollback; begin; savepoint s; ${say(5)} rollback to s; ${say(6)} commit;`),
    ).toMatchObject({ code: 0, stderr: '' });
    const failed = await psql(url, `begin; ${say(7)} select 1 / 0; commit;`);
    expect(failed.code).not.toBe(0);
    expect(failed.stderr).toContain('division by zero');

    const events = await logOf(channel);
    expect(events.map(({ offset, type, data }) => [offset, type, JSON.parse(data)])).toEqual([
      [1, 'order.placed', { n: 1 }],
      [2, 'order.placed', { n: 2 }],
      [3, 'order.placed', { n: 3 }],
      [4, 'order.placed', { n: 6 }],
    ]);
    expect(kept.rows).toEqual(events.slice(0, 3).map(({ id }) => id));
  });

  it('from a trigger is an event with each row, and none without', async () => {
    const channel = newChannel('rows');
    const setUp = `create table parcel (id int primary key, state text not null);
create function parcel_moved() returns trigger language plpgsql as $$ begin
  perform millrace.publish('${channel}', 'parcel.moved', jsonb_build_object('id', new.id, 'state', new.state));
  return new;
end $$;
create trigger parcel_moved after insert or update on parcel for each row execute function parcel_moved();`;
    expect(await psql(url, setUp)).toMatchObject({ code: 0, stderr: '' });
    await psql(
      url,
      `insert into parcel values (1, 'packed'), (2, 'packed'); update parcel set state = 'sent' where id = 2;`,
    );
    const failed = await psql(url, `insert into parcel values (3, 'packed'), (1, 'twice');`);
    expect(failed.stderr).toContain('duplicate key');
    expect((await logOf(channel)).map(({ offset, data }) => [offset, JSON.parse(data)])).toEqual([
      [1, { id: 1, state: 'packed' }],
      [2, { id: 2, state: 'packed' }],
      [3, { id: 2, state: 'sent' }],
    ]);
  });

  it('refuses what could not be numbered, in the transaction that asks for it', async () => {
    const refused = await psql(url, `select millrace.publish('no channel', 'order.placed', '{}');`);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('violates check constraint');
  });
});
