import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Transaction } from '../../../stream/transaction/transaction.port.js';
import { INSERT, SLOW_TABLE } from '../note-table.js';
import { act } from '../scripted-gateway.js';
import type { TransactionBench } from '../transaction-bench.js';
import type { OpenOrm } from './orm-under-test.js';

interface Parts {
  readonly openBench: () => Promise<TransactionBench>;
  readonly openOrm: OpenOrm;
}

/** What becomes of a command when the connections of the ORM fail. */
export function ormConnectionsContract(name: string, { openBench, openOrm }: Parts): void {
  describe(`a lost connection of ${name}`, () => {
    let bench: TransactionBench;
    beforeAll(async () => {
      bench = await openBench();
      await bench.database.script(SLOW_TABLE);
    });
    beforeEach(async () => {
      vi.spyOn(Logger.prototype, 'error').mockReturnValue();
      await bench.reset();
    });
    afterAll(async () => {
      vi.restoreAllMocks();
      await bench.close();
    });

    const pidOf = async (tx: Transaction): Promise<number> => {
      const [row] = await tx.query('select pg_backend_pid() as pid', []);
      return Number(row?.['pid']);
    };
    const cut = (pid: number) => bench.database.query('select pg_terminate_backend($1::int, 5000)', [pid]);
    const expectNextToWork = async (): Promise<void> => {
      bench.script.handler = (tx) => tx.query(INSERT, ['next']);
      expect(await bench.commands.send(act)).toMatchObject({ ok: true });
      expect(await bench.texts()).toEqual(['next']);
    };

    it('is unknown during COMMIT', async () => {
      let pid = 0;
      bench.script.handler = async (tx) => {
        pid = await pidOf(tx);
        await tx.query('insert into slow values (20)', []);
      };
      const answer = bench.commands.send(act);
      await expect
        .poll(() => bench.database.query('select query from pg_stat_activity where pid = $1', [pid]))
        .toEqual([{ query: 'commit' }]);
      await cut(pid);
      expect(await answer).toMatchObject({ error: { code: 'TRANSACTION_IN_DOUBT', outcome: 'unknown' } });
      await expectNextToWork();
    });

    it('is not-applied before, in a statement', async () => {
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['row']);
        await cut(await pidOf(tx));
        await tx.query('select 1', []);
      };
      expect(await bench.commands.send(act)).toMatchObject({ error: { outcome: 'not-applied' } });
      await expectNextToWork();
    });

    it('is never applied, nor the end of the process, while nothing is asked of it', async () => {
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['row']);
        const pid = await pidOf(tx);
        await cut(pid);
        // Both ends reach this process in their order: once a later answer is here, the first is.
        await bench.database.query('select 1', []);
      };
      const answer = await bench.commands.send(act);
      expect(answer).toMatchObject({ ok: false, error: { code: expect.stringMatching(/^TRANSACTION_/) as string } });
      await expectNextToWork();
    });

    it('is not-applied in a conflict', async () => {
      await bench.database.query(INSERT, ['contended']);
      bench.script.handler = async (tx) => {
        await tx.query('set transaction isolation level repeatable read', []);
        await tx.query('select * from note', []);
        await bench.database.query(`update note set text = 'theirs'`, []);
        await tx.query(`update note set text = 'ours'`, []);
      };
      expect(await bench.commands.send(act)).toMatchObject({
        error: { code: 'TRANSACTION_ABORTED', retry: 'backoff', outcome: 'not-applied' },
      });
    });

    it('is STREAM_UNAVAILABLE where there is no server', async () => {
      const orm = openOrm('postgres://nobody@127.0.0.1:1/none', 1);
      const run = orm.transactions.run(() => Promise.resolve());
      await expect(run).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE' });
      await orm.stop();
    });
  });
}
