import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.js';
import { openPg } from '../stream/testing/open-pg.js';
import type { StreamHarness } from '../stream/testing/stream-harness.js';
import { selectDenials } from '../stream/store/denials.js';
import { ChannelAccess } from './channel-access.js';
import { DenialWriter } from './denial-writer.js';

describe('who is kept out, as the database keeps it', () => {
  let harness: StreamHarness;
  const published: string[] = [];
  let access: ChannelAccess;

  beforeAll(async () => {
    harness = await openPg();
    await harness.openStore();
    const { database } = harness;
    const publisher = {
      publish: (...[, , type]: readonly unknown[]) => Promise.resolve({ id: String(published.push(String(type))) }),
      isAmbient: () => false,
    };
    const parts = {
      publisher,
      database: {
        query: (sql: string, params: readonly unknown[] = []) => database.query(sql, params),
        transaction: <T>(work: (tx: never) => Promise<T>) => work(undefined as never),
      },
      schema: 'millrace',
      clock: systemClock,
    };
    access = new ChannelAccess(publisher, new DenialWriter(parts));
  });
  afterAll(() => harness.close());

  const known = async (): Promise<readonly string[]> =>
    (await selectDenials(harness.database, 'millrace')).map(({ kind, key }) => `${kind} ${key}`).toSorted();

  it('is written, taken back, and forgotten when it is over', async () => {
    await access.block({ subject: 'ann' });
    await access.block({ subject: 'bob', forMs: 60_000 });
    await access.revokeTokens({ tokenId: 't1', expiresAt: Date.now() + 60_000 });
    await access.revokeTokens({ subject: 'ann', issuedBefore: 5_000 });
    await access.disconnect({ subject: 'eve' });
    expect(await known()).toEqual(['issued ann', 'sessions eve', 'subject ann', 'subject bob', 'token t1']);
    expect(new Set(published)).toEqual(new Set(['access.denied']));
    await harness.database.query(`update millrace.denial set until = now() where key = 'bob'`, []);
    expect(await known()).not.toContain('subject bob');
    const { length } = await harness.database.query(`select from millrace.denial where key = 'bob'`, []);
    expect(length).toBe(0);
    await access.unblock({ subject: 'ann' });
    expect([published.at(-1), await known()]).toEqual(['access.allowed', ['issued ann', 'sessions eve', 'token t1']]);
  });

  it('keeps the later moment of two revocations, and the newest end of a block', async () => {
    const momentOf = async (kind: string) =>
      (await selectDenials(harness.database, 'millrace')).find((one) => one.kind === kind);
    for (const issuedBefore of [7_000, 6_000]) await access.revokeTokens({ subject: 'ann', issuedBefore });
    expect(await momentOf('issued')).toMatchObject({ moment: 7_000 });
    await access.block({ subject: 'ann', forMs: 60_000 });
    await access.block({ subject: 'ann' });
    expect(await momentOf('subject')).not.toHaveProperty('until');
  });

  it('is part of a transaction of the application', async () => {
    const tx = await harness.database.begin();
    await access.block({ subject: 'hal' }, { tx: { query: (sql, params) => tx.query(sql, params) } });
    expect(await known()).not.toContain('subject hal');
    await tx.rollback();
    expect(await known()).not.toContain('subject hal');
  });

  it('is bounded, since every node has all of it in memory', async () => {
    await harness.database.query(
      `insert into millrace.denial select 'token', 'x' || n, now(), 'infinity' from generate_series(1, 100000) n`,
      [],
    );
    await expect(access.block({ subject: 'too many' })).rejects.toMatchObject({ code: '54000' });
    await harness.database.query(`delete from millrace.denial where key like 'x%'`, []);
    await access.block({ subject: 'one more' });
  });

  it.each([
    [() => access.block({ subject: '' }), { code: 'EVENT_INVALID' }],
    [() => access.disconnect({ subject: 'a\0' }), { code: 'EVENT_INVALID' }],
    [() => access.block({ subject: 7 as never }), { name: 'TypeError' }],
    [() => access.block({ subject: 'ann', forMs: 0 }), { name: 'RangeError' }],
    [() => access.block({ subject: 'ann', forMs: Number.NaN }), { name: 'RangeError' }],
    [() => access.revokeTokens({ tokenId: 't', expiresAt: Infinity }), { name: 'RangeError' }],
  ])('refuses what nothing can have (%#)', async (call, error) => {
    await expect(call()).rejects.toMatchObject(error);
  });
});
