import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlDatabase } from '../sql-database.port.js';

/** What every driver under the stream has to do. */
export function sqlDatabaseContract(name: string, open: () => Promise<SqlDatabase>): void {
  describe(`SQL on ${name}`, () => {
    let database: SqlDatabase;
    const count = async (): Promise<unknown> => {
      const [row] = await database.query('select count(*) as n from probe', []);
      return row?.['n'];
    };
    beforeAll(async () => {
      database = await open();
      await database.script(
        'create table probe (n int); create table once (n int primary key deferrable initially deferred)',
      );
    }, 60_000);
    afterAll(() => database.stop());

    it('decodes int8 to a number where that is exact, and json to its value', async () => {
      const sql = `select 9007199254740991::int8 as exact, 9007199254740993::int8 as beyond, '{"a":[1]}'::json as json`;
      for (const executor of [database, database.pass, database.reader]) {
        expect(await executor.query(sql, [])).toEqual([
          { exact: 9_007_199_254_740_991, beyond: 9_007_199_254_740_993n, json: { a: [1] } },
        ]);
      }
    });

    it('takes bigints, arrays and nulls as parameters', async () => {
      const params = [9_007_199_254_740_993n, ['a', 'b,"'], null];
      expect(await database.query('select $1::int8 as big, $2::text[] as list, $3::text as nothing', params)).toEqual([
        { big: params[0], list: params[1], nothing: null },
      ]);
    });

    it('keeps what a transaction committed, and nothing of a roll-back', async () => {
      const kept = await database.begin();
      await kept.query('insert into probe values (1)', []);
      await kept.commit();
      const lost = await database.begin();
      await lost.query('insert into probe values (2)', []);
      await lost.rollback();
      expect(await count()).toBe(1);
    });

    it('says TRANSACTION_ABORTED when a failed statement turns the commit into a roll-back', async () => {
      const before = await count();
      const transaction = await database.begin();
      await transaction.query('insert into probe values (3)', []);
      await transaction.query('select 1 / 0', []).catch(() => {});
      await expect(transaction.commit()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
      expect(await count()).toBe(before);
    });

    it('passes on what the server says about the commit', async () => {
      const transaction = await database.begin();
      await transaction.query('insert into once values (1), (1)', []);
      await expect(transaction.commit()).rejects.toMatchObject({ code: '23505' });
    });

    it('closes the handle with the transaction', async () => {
      const transaction = await database.begin();
      await transaction.commit();
      await expect(transaction.query('select 1', [])).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
      await expect(transaction.commit()).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
      await transaction.rollback();
      expect(await count()).toEqual(expect.any(Number));
    });

    it('passes on what the server says about a statement', async () => {
      await expect(database.query('select * from nowhere', [])).rejects.toMatchObject({ code: '42P01' });
      await expect(database.reader.query('select 1 / 0', [])).rejects.toMatchObject({ code: '22012' });
      await expect(database.pass.query('select 1 / 0', [])).rejects.toMatchObject({ code: '22012' });
      expect(await database.reader.query('select 1 as one', [])).toEqual([{ one: 1 }]);
    });
  });
}
