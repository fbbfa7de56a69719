import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { codedIn, failureOf } from '../../../stream/testing/failure-of.js';
import { INSERT } from '../note-table.js';
import { act } from '../scripted-gateway.js';
import type { TransactionBench } from '../transaction-bench.js';
import type { OpenedOrm, OrmUnderTest } from './orm-under-test.js';

const TWO_ROWS = 'select n from generate_series(1, 2) as n';

/** Rows that a handler reads one by one hold its connection meanwhile. */
export function ormStreamsContract(name: string, open: () => Promise<OpenedOrm>): void {
  describe(`rows one by one of ${name}`, () => {
    let bench: TransactionBench;
    let orm: OrmUnderTest;
    beforeAll(async () => {
      ({ bench, orm } = await open());
    });
    beforeEach(() => bench.reset());
    afterAll(() => bench.close());

    const rowsOf = (sql: string): AsyncIterator<unknown> => {
      const rows = orm.stream?.(bench.script.handle, sql);
      if (!rows) throw new TypeError(`${name} has no streams`);
      return rows[Symbol.asyncIterator]();
    };

    it('are read to their end before what comes after them', async () => {
      bench.script.handler = async (tx) => {
        const rows = rowsOf(TWO_ROWS);
        const read = [await rows.next(), await rows.next(), await rows.next()];
        await tx.query(INSERT, ['after']);
        return read.map(({ done, value }): unknown => (done ? 'done' : value));
      };
      expect(await bench.commands.send(act)).toEqual({ ok: true, result: [{ n: 1 }, { n: 2 }, 'done'] });
      expect(await bench.texts()).toEqual(['after']);
    });

    it('keep nobody from rolling back at the deadline, and end there', async () => {
      let late: Promise<unknown> | undefined;
      bench.script.handler = async (tx, { deadline }) => {
        await tx.query(INSERT, ['lost']);
        const rows = rowsOf('select * from generate_series(1, 1000)');
        await rows.next();
        const passed = new Promise((resolve) => deadline.addEventListener('abort', resolve));
        void bench.clock.advance(10_000);
        await passed;
        late = failureOf(readOn(rows));
        await late;
      };
      expect(await bench.commands.send(act)).toMatchObject({
        error: { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' },
      });
      expect(await late).toBeInstanceOf(Error);
      bench.script.handler = (tx) => tx.query(INSERT, ['next']);
      expect(await bench.commands.send(act)).toMatchObject({ ok: true });
      expect(await bench.texts()).toEqual(['next']);
    });

    it('that failed abort the transaction, whoever caught their error', async () => {
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['lost']);
        await failureOf(rowsOf('select 1 / 0 as n').next());
      };
      expect(await bench.commands.send(act)).toMatchObject({
        error: { code: 'TRANSACTION_ABORTED', outcome: 'not-applied' },
      });
      expect(await bench.texts()).toEqual([]);
    });

    it('are refused after the end', async () => {
      bench.script.handler = (tx) => tx.query('select 1', []);
      await bench.commands.send(act);
      const late = codedIn(await failureOf(rowsOf(TWO_ROWS).next()));
      expect(late).toMatchObject({ code: 'TRANSACTION_ENDED' });
    });
  });
}

async function readOn(rows: AsyncIterator<unknown>): Promise<void> {
  while (!(await rows.next()).done);
}
