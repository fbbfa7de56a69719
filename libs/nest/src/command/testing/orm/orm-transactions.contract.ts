import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SqlExecutor } from '../../../stream/sql-database.port.js';
import { codedIn, failureOf } from '../../../stream/testing/failure-of.js';
import { MillraceDatabase } from '../../../stream/transaction/millrace-database.js';
import { INSERT, SLOW_TABLE } from '../note-table.js';
import { act } from '../scripted-gateway.js';
import type { TransactionBench } from '../transaction-bench.js';
import type { OpenedOrm, OrmUnderTest } from './orm-under-test.js';

/** What the transactions of every ORM have to do, beside what those of Millrace do. */
export function ormTransactionsContract(name: string, open: () => Promise<OpenedOrm>): void {
  describe(`transactions of ${name}`, () => {
    let bench: TransactionBench;
    let orm: OrmUnderTest;
    let book: string;
    beforeAll(async () => {
      ({ bench, orm } = await open());
    });
    beforeEach(async () => {
      vi.spyOn(Logger.prototype, 'error').mockReturnValue();
      await bench.reset();
      book = randomUUID();
    });
    afterAll(async () => {
      vi.restoreAllMocks();
      await bench.close();
    });

    const eventTexts = async (): Promise<string[]> =>
      (await bench.events(book))
        .map(({ data }) => JSON.parse(String(data)) as string)
        .toSorted((a, b) => a.localeCompare(b));
    /** The texts there and the events there, once the pass had its chance. */
    const expectStored = async (texts: readonly string[], events: readonly string[]): Promise<void> => {
      expect(await bench.texts()).toEqual(texts);
      expect(await eventTexts()).toEqual(events);
    };

    it('refuse what was built before the end and runs after it, in the next transaction of the connection', async () => {
      const late: (() => Promise<unknown>)[] = [];
      bench.script.handler = async (tx) => {
        await tx.query('select 1', []);
        late.push(...orm.build(bench.script.handle, 'late'));
      };
      expect(await bench.commands.send(act)).toEqual({ ok: true });
      const failures: unknown[] = [];
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['next']);
        for (const run of late) failures.push(codedIn(await failureOf(run())));
      };
      expect(await bench.commands.send(act)).toEqual({ ok: true });
      expect(failures.length).toBeGreaterThan(3);
      expect(failures).toEqual(failures.map(() => expect.objectContaining({ code: 'TRANSACTION_ENDED' }) as unknown));
      await expectStored(['next'], []);
    });

    it('tell the server how long they may take, where they can', async () => {
      bench.script.handler = (tx) => tx.query('show statement_timeout', []);
      const result = [{ statement_timeout: orm.statementTimeout }];
      expect(await bench.commands.send(act)).toEqual({ ok: true, result });
    });

    it('refuse it while COMMIT is on its way, too', async () => {
      await bench.database.script(SLOW_TABLE);
      let late: Promise<unknown[]> | undefined;
      bench.script.handler = async (tx) => {
        await tx.query('insert into slow values (0.3)', []);
        const runs = orm.build(bench.script.handle, 'late');
        late = new Promise((resolve) => setTimeout(resolve, 100)).then(() =>
          Promise.all(runs.map(async (run) => codedIn(await failureOf(run())))),
        );
      };
      expect(await bench.commands.send(act)).toEqual({ ok: true });
      const failures = (await late) ?? [];
      expect(failures).toEqual(failures.map(() => expect.objectContaining({ code: 'TRANSACTION_ENDED' }) as unknown));
      await expectStored([], []);
    });

    it('let nothing that waits behind a running statement come after the roll-back', async () => {
      let issued: Promise<unknown> | undefined;
      bench.script.handler = async (tx, { deadline }) => {
        await tx.query('select 1', []);
        const running = tx.query('select pg_sleep(0.3)', []);
        issued = Promise.allSettled([running, ...orm.build(bench.script.handle, 'behind').map((run) => run())]);
        const passed = new Promise((resolve) => deadline.addEventListener('abort', resolve));
        void bench.clock.advance(10_000);
        await passed;
      };
      expect(await bench.commands.send(act)).toMatchObject({
        error: { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' },
      });
      await issued;
      await expectStored([], []);
    });

    it('drop the rows and events after a savepoint that is gone back to, and nothing else', async () => {
      const ids = new Map<string, string>();
      const publish = async (text: string): Promise<void> => void ids.set(text, (await bench.publish(book, text)).id);
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['before']);
        await publish('before');
        await orm.withSavepoint(bench.script.handle, async (inner) => {
          await inner.query(INSERT, ['dropped']);
          await publish('dropped');
          throw new Error('back');
        });
        await orm.withSavepoint(bench.script.handle, () => publish('kept'));
        await tx.query(INSERT, ['after']);
      };
      const answer = await bench.commands.send(act);
      await expectStored(['after', 'before'], ['before', 'kept']);
      const events = ['before', 'kept'].map((text) => ({ channel: `notes.${book}`, id: ids.get(text) }));
      expect(answer).toEqual({ ok: true, events });
    });

    it('commit after a statement that failed within a savepoint', async () => {
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['before']);
        await orm.withSavepoint(bench.script.handle, async (inner) => void (await inner.query('select 1 / 0', [])));
        await bench.publish(book, 'after');
      };
      expect(await bench.commands.send(act)).toMatchObject({ ok: true });
      await expectStored(['before'], ['after']);
    });

    it('leave one that a service opens for itself alone; what is published joins the handler’s, or the given one', async () => {
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['handler']);
        await orm.besides(async (own) => {
          await own.query(INSERT, ['own']);
          await bench.publish(book, 'of the handler');
          await bench.publish(book, 'of its own', { tx: own });
        });
        throw new Error('no');
      };
      expect(await bench.commands.send(act)).toMatchObject({ error: { code: 'INTERNAL', outcome: 'not-applied' } });
      await expectStored(['own'], ['of its own']);
    });

    it('are joined by those of MillraceDatabase, which are savepoints in them', async () => {
      const database = new MillraceDatabase(bench.database, 10);
      const own = (text: string, end: () => void): Promise<unknown> =>
        database.transaction(async (tx) => {
          await tx.query(INSERT, [text]);
          await bench.publish(book, text);
          end();
        });
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['handler']);
        await own('kept', () => {});
        await failureOf(
          own('lost', () => {
            throw new Error('back');
          }),
        );
        const { id } = await bench.publish(book, 'handler');
        return id;
      };
      const answer = await bench.commands.send(act);
      await expectStored(['handler', 'kept'], ['handler', 'kept']);
      expect(answer).toMatchObject({ ok: true, events: [{}, { id: 'result' in answer ? answer.result : undefined }] });
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['handler, again']);
        await own('lost, too', () => {});
        throw new Error('no');
      };
      await bench.commands.send(act);
      await expectStored(['handler', 'kept'], ['handler', 'kept']);
    });

    it('close when nobody but they themselves knows of the end', async () => {
      const executors: SqlExecutor[] = [];
      await orm.transactions.run(async (handle) => void executors.push(orm.transactions.executor(handle)));
      const failure = orm.transactions.run(async (handle) => {
        executors.push(orm.transactions.executor(handle));
        throw new Error('no');
      });
      await expect(failure).rejects.toThrow('no');
      for (const executor of executors) {
        await expect(executor.query(INSERT, ['late'])).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
      }
      expect(await bench.texts()).toEqual([]);
    });
  });
}
