import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ConflictException, Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deferred } from '../../session/testing/deferred.js';
import { failureOf } from '../../stream/testing/failure-of.js';
import { detached } from '../../stream/transaction/ambient.js';
import { MillraceDatabase } from '../../stream/transaction/millrace-database.js';
import { act, actFreely } from './scripted-gateway.js';
import { INSERT } from './note-table.js';
import { looks, type TransactionBench } from './transaction-bench.js';

/** What a service of the application does with `MillraceDatabase` while a command runs: the same on every database. */
export function nestedTransactionsContract(name: string, open: () => Promise<TransactionBench>): void {
  describe(`MillraceDatabase within a command on ${name}`, () => {
    let bench: TransactionBench;
    let database: MillraceDatabase;
    let book: string;
    beforeAll(async () => {
      bench = await open();
      database = new MillraceDatabase(bench.database, 10);
    }, 60_000);
    beforeEach(async () => {
      vi.spyOn(Logger.prototype, 'error').mockReturnValue();
      await bench.reset();
      book = randomUUID();
    });
    afterAll(async () => {
      vi.restoreAllMocks();
      await bench.close();
    });

    const byText = (a: string, b: string): number => (a < b ? -1 : 1);
    const texts = async (): Promise<unknown[]> => (await bench.texts()).map(String).toSorted(byText);
    const eventTexts = async (): Promise<unknown[]> =>
      (await bench.events(book)).map(({ data }) => String(data)).toSorted(byText);
    /** One row and one event, as a service does that knows of no command. */
    const write = async (text: string): Promise<void> => {
      await database.query(INSERT, [text]);
      await bench.publish(book, text);
    };
    const refused = (text: string) => new ConflictException(text);

    it('commits with it', async () => {
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['handler']);
        await write('query');
        await database.script(
          `insert into note (text) values ('script 1'); insert into note (text) values ('script 2')`,
        );
        await database.transaction(() => write('transaction'));
      };
      expect(await bench.commands.send(act)).toMatchObject({ ok: true, events: [{}, {}] });
      expect(await texts()).toEqual(['handler', 'query', 'script 1', 'script 2', 'transaction']);
      expect(await eventTexts()).toEqual(['"query"', '"transaction"']);
    });

    it('is rolled back with it, whatever it used', async () => {
      bench.script.handler = async () => {
        await write('query');
        await database.script(`insert into note (text) values ('script')`);
        await database.transaction(async (tx) => {
          await tx.query(INSERT, ['tx']);
          await write('transaction');
        });
        throw refused('no');
      };
      expect(await bench.commands.send(act)).toMatchObject({ error: { code: 'REJECTED', outcome: 'not-applied' } });
      expect(await texts()).toEqual([]);
      expect(await eventTexts()).toEqual([]);
    });

    it('sees what the handler wrote before its commit', async () => {
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['mine']);
        return (await database.query('select text from note')).length;
      };
      expect(await bench.commands.send(act)).toMatchObject({ result: 1 });
    });

    it('takes back a nested transaction alone, with its events, live ones and place in the bound', async () => {
      const look = (text: string) => bench.publisher.publish(looks, { book }, 'book.opened', text);
      bench.script.handler = async () => {
        await write('before');
        for (const text of ['one', 'two', 'three']) {
          const failure = await failureOf(
            database.transaction(async (tx) => {
              await tx.query(INSERT, [text]);
              await write(text);
              await look(text);
              throw refused(text);
            }),
          );
          expect(failure).toMatchObject({ message: text });
        }
        await write('after');
        await look('kept');
      };
      expect(await bench.commands.send(act)).toMatchObject({ ok: true, events: [{}, {}] });
      expect(await texts()).toEqual(['after', 'before']);
      expect(await eventTexts()).toEqual(['"after"', '"before"']);
      expect(bench.live).toMatchObject([{ event: { data: '"kept"' } }]);
    });

    it('takes back what was nested within, and keeps what stands beside it', async () => {
      bench.script.handler = async () => {
        await database.transaction(async (outer) => {
          await outer.query(INSERT, ['outer']);
          await failureOf(
            database.transaction(async () => {
              await outer.query(INSERT, ['within, by the handle of the one around']);
              await database.transaction(() => write('deeper'));
              throw refused('no');
            }),
          );
          await database.transaction(() => write('second'));
        });
      };
      expect(await bench.commands.send(act)).toMatchObject({ ok: true });
      expect(await texts()).toEqual(['outer', 'second']);
      expect(await eventTexts()).toEqual(['"second"']);
    });

    it('runs nested transactions that are begun side by side one after the other, each with its own fate', async () => {
      bench.script.handler = async (tx) => {
        const slowly = (text: string, fails: boolean) =>
          database.transaction(async (own) => {
            await own.query(INSERT, [`${text} 1`]);
            await pause(5);
            await own.query(INSERT, [`${text} 2`]);
            if (fails) throw refused(text);
          });
        const all = [
          slowly('a', false),
          slowly('b', true),
          tx.query(INSERT, ['beside']),
          slowly('c', false),
          write('event'),
        ];
        return (await Promise.allSettled(all)).map(({ status }) => status);
      };
      const [done, failed] = ['fulfilled', 'rejected'];
      expect(await bench.commands.send(act)).toMatchObject({ ok: true, result: [done, failed, done, done, done] });
      expect(await texts()).toEqual(['a 1', 'a 2', 'beside', 'c 1', 'c 2', 'event']);
      expect(await eventTexts()).toEqual(['"event"']);
    });

    it('aborts a nested transaction in which an error was swallowed, and goes on', async () => {
      bench.script.handler = async () => {
        const failure = await failureOf(
          database.transaction(async (tx) => {
            await write('nested');
            await failureOf(tx.query('select 1 / 0', []));
          }),
        );
        await write('after');
        return (failure as { code?: string }).code;
      };
      expect(await bench.commands.send(act)).toMatchObject({ ok: true, result: 'TRANSACTION_ABORTED' });
      expect(await texts()).toEqual(['after']);
    });

    it('knows a nested transaction and the one around it when they are given to publish', async () => {
      bench.script.handler = (outer) =>
        failureOf(
          database.transaction(async (tx) => {
            await bench.publish(book, 'by the nested', { tx });
            await bench.publish(book, 'by the outer', { tx: outer });
            throw refused('no');
          }),
        );
      await bench.commands.send(act);
      expect(await eventTexts()).toEqual([]);
    });

    it('refuses a nested handle, and what it published late, once it has ended', async () => {
      const late: unknown[] = [];
      bench.script.handler = async () => {
        let left: Promise<unknown> = Promise.resolve();
        const ended = new Deferred<void>();
        await database.transaction(async (tx) => {
          left = ended.promise.then(async () => {
            late.push(await failureOf(tx.query(INSERT, ['late'])), await failureOf(bench.publish(book, 'late')));
            late.push(await failureOf(database.query(INSERT, ['late'])), await failureOf(database.script('select 1')));
            late.push(await failureOf(database.transaction(() => write('late'))));
          });
          await tx.query(INSERT, ['kept']);
        });
        ended.resolve();
        await left;
      };
      expect(await bench.commands.send(act)).toMatchObject({ ok: true });
      expect(late).toMatchObject(Array.from({ length: 5 }, () => ({ code: 'TRANSACTION_ENDED' })));
      expect(await texts()).toEqual(['kept']);
      expect(await eventTexts()).toEqual([]);
    });

    it('commits no half of a nested transaction that the handler did not await', async () => {
      let left: Promise<unknown> = Promise.resolve();
      bench.script.handler = () => {
        left = failureOf(
          database.transaction(async (tx) => {
            await tx.query(INSERT, ['first half']);
            await pause(20);
            await tx.query(INSERT, ['second half']);
          }),
        );
      };
      expect(await bench.commands.send(act)).toMatchObject({ ok: true });
      expect(await left).toMatchObject({ code: 'TRANSACTION_ENDED' });
      expect(await texts()).toEqual([]);
    });

    it('is ended with the handler', async () => {
      let late: Promise<unknown[]> | undefined;
      bench.script.handler = () => {
        late = pause(20).then(() =>
          Promise.all([
            failureOf(database.query(INSERT, ['late'])),
            failureOf(database.script('select 1')),
            failureOf(database.transaction(() => write('late'))),
          ]),
        );
      };
      await bench.commands.send(act);
      expect(await late).toMatchObject(Array.from({ length: 3 }, () => ({ code: 'TRANSACTION_ENDED' })));
      expect(await texts()).toEqual([]);
    });

    it('ends at the deadline, also within a nested transaction', async () => {
      const late = new Promise((resolve) => {
        bench.script.handler = async (_, { deadline }) => {
          await database.transaction(async (tx) => {
            await tx.query(INSERT, ['row']);
            const passed = new Promise((done) => deadline.addEventListener('abort', done));
            void bench.clock.advance(10_000);
            await passed;
            resolve(failureOf(database.query(INSERT, ['late'])));
          });
        };
      });
      expect(await bench.commands.send(act)).toMatchObject({
        error: { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' },
      });
      expect(await late).toMatchObject({ code: 'TRANSACTION_ENDED' });
      expect(await texts()).toEqual([]);
    });

    it('is outside of it in guards and in a handler without a transaction', async () => {
      let asked = 0;
      bench.script.guard = async () => {
        await write(`guard ${++asked}`);
        return true;
      };
      bench.script.handler = async () => {
        await write('handler');
        throw refused('no');
      };
      await bench.commands.send(act);
      expect(await texts()).toEqual(['guard 1']);
      await bench.commands.send(actFreely);
      expect(await texts()).toEqual(['guard 1', 'guard 2', 'handler']);
    });

    it('has a transaction of its own in a handler without one, and joins it there', async () => {
      bench.script.handler = () =>
        failureOf(
          database.transaction(async () => {
            await write('first');
            await database.transaction(() => write('second'));
            throw refused('no');
          }),
        );
      await bench.commands.send(actFreely);
      expect(await texts()).toEqual([]);
      expect(await eventTexts()).toEqual([]);
    });

    it('is nested outside of commands too', async () => {
      await database.transaction(async () => {
        await write('outer');
        await failureOf(
          database.transaction(async () => {
            await write('inner');
            throw refused('no');
          }),
        );
      });
      expect(await texts()).toEqual(['outer']);
      expect(await eventTexts()).toEqual(['"outer"']);
    });

    it('leaves the transaction with detached()', async () => {
      const later: Promise<unknown>[] = [];
      bench.script.handler = () => {
        later.push(detached(() => pause(20).then(() => write('detached'))));
        throw refused('no');
      };
      await bench.commands.send(act);
      await Promise.all(later);
      expect(await texts()).toEqual(['detached']);
    });

    it('takes no second connection: many commands at once need no more than there are', async () => {
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, [randomUUID()]);
        await database.query('select 1');
        await database.transaction(() => write(randomUUID()));
      };
      const answers = await Promise.all(Array.from({ length: 32 }, () => bench.commands.send(act)));
      expect(answers.filter(({ ok }) => ok)).toHaveLength(32);
      expect(await texts()).toHaveLength(64);
    });
  });
}
