import { randomUUID } from 'node:crypto';
import { ConflictException, Logger } from '@nestjs/common';
import { wireError } from '@millrace/protocol';
import { catchError, concatMap, of, throwError } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StatementRunner } from '../../stream/channel-publisher.js';
import { codedIn, failureOf } from '../../stream/testing/failure-of.js';
import { MillraceDatabase } from '../../stream/transaction/millrace-database.js';
import type { Transaction } from '../../stream/transaction/transaction.port.js';
import { act } from './scripted-gateway.js';
import { INSERT } from './note-table.js';
import { looks, TRACE, type TransactionBench } from './transaction-bench.js';

/** Whose transaction a command is, and where it ends: the same on every database. */
export function transactionsContract(name: string, open: () => Promise<TransactionBench>): void {
  describe(`the transaction of a command on ${name}`, () => {
    let bench: TransactionBench;
    let book: string;
    beforeAll(async () => {
      bench = await open();
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

    /** One row and one event. */
    const write = async (tx: Transaction): Promise<string> => {
      await tx.query(INSERT, ['row']);
      const { id } = await bench.publish(book, 'event');
      return id;
    };
    const expectWritten = async (): Promise<void> => {
      expect(await bench.texts()).toEqual(['row']);
      expect(await bench.events(book)).toHaveLength(1);
    };
    const expectNothing = async (): Promise<void> => {
      expect(await bench.texts()).toEqual([]);
      expect(await bench.events(book)).toEqual([]);
    };

    it('commits rows and events together, and says which events', async () => {
      bench.script.handler = write;
      const answer = await bench.commands.send(act);
      await expectWritten();
      const [{ id } = {}] = await bench.events(book);
      expect(answer).toEqual({ ok: true, result: id, events: [{ channel: `notes.${book}`, id }] });
    });

    it('rolls both back when the handler throws', async () => {
      bench.script.handler = async (tx) => {
        await write(tx);
        throw new ConflictException('Taken');
      };
      expect(await bench.commands.send(act)).toEqual({
        ok: false,
        error: { code: 'REJECTED', message: 'Taken', retry: 'never', status: 409, outcome: 'not-applied' },
      });
      await expectNothing();
    });

    it.each([
      ['text that is no uuid', '22P02', 'select $1::text::uuid', 'no-uuid-s3cret'],
      ['a number out of range', '22003', 'select $1::text::int', '99999999999'],
      ['a date that is none', '22008', 'select $1::text::date', '2001-02-31'],
    ])('refuses %s as the mistake of the client, and keeps it out of the log', async (_, state, sql, value) => {
      const warned: unknown[] = [];
      vi.spyOn(Logger.prototype, 'warn').mockImplementation((...entry: unknown[]) => void warned.push(entry));
      const failed = vi.spyOn(Logger.prototype, 'error').mockClear();
      bench.script.handler = async (tx) => {
        await write(tx);
        await tx.query(sql, [value]);
      };
      expect(await bench.commands.send(act)).toEqual({
        ok: false,
        error: { ...wireError('VALUE_INVALID'), outcome: 'not-applied' },
      });
      await expectNothing();
      expect(failed.mock.calls).toEqual([]);
      expect(warned).toEqual([[expect.stringContaining(`(SQLSTATE ${state})`)]]);
      expect(JSON.stringify(warned)).not.toContain(value);
    });

    it('rolls back what an interceptor makes a success of', async () => {
      bench.script.handler = async (tx) => {
        await write(tx);
        throw new Error('swallowed');
      };
      bench.script.around = (next) => next.handle().pipe(catchError(() => of('fine')));
      expect(await bench.commands.send(act)).toEqual({ ok: true, result: 'fine' });
      await expectNothing();
    });

    it('rolls back what a filter makes a success of', async () => {
      bench.script.handler = async (tx) => {
        await write(tx);
        throw new Error('swallowed');
      };
      bench.script.filter = () => ({ fine: true });
      expect(await bench.commands.send(act)).toEqual({ ok: true, result: { fine: true } });
      await expectNothing();
    });

    it('keeps what was committed when an interceptor throws afterwards, and says so', async () => {
      bench.script.handler = write;
      bench.script.around = (next) =>
        next.handle().pipe(concatMap(() => throwError(() => new ConflictException('Afterwards'))));
      expect(await bench.commands.send(act)).toMatchObject({
        ok: false,
        error: { code: 'REJECTED', message: 'Afterwards', outcome: 'applied' },
      });
      await expectWritten();
    });

    it('rolls back at the deadline while the handler runs, whose handle and publishes are refused from then on', async () => {
      const late = new Promise<unknown[]>((resolve) => {
        bench.script.handler = async (tx, { deadline }) => {
          await write(tx);
          const passed = new Promise((done) => deadline.addEventListener('abort', done));
          void bench.clock.advance(10_000);
          await passed;
          resolve([codedIn(await failureOf(tx.query(INSERT, ['late']))), await failureOf(bench.publish(book, 'late'))]);
        };
      });
      expect(await bench.commands.send(act)).toMatchObject({
        ok: false,
        error: { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' },
      });
      await expectNothing();
      expect(await late).toMatchObject([{ code: 'TRANSACTION_ENDED' }, { code: 'TRANSACTION_ENDED' }]);
      await expectNothing();
    });

    it('refuses what comes after the end, while the next command has the same connection', async () => {
      let goOn = (): void => {};
      const next = new Promise<void>((resolve) => (goOn = resolve));
      let late: Promise<unknown[]> | undefined;
      bench.script.handler = (tx) => {
        late = next.then(async () => [
          codedIn(await failureOf(tx.query(INSERT, ['late']))),
          await failureOf(bench.publish(book, 'late')),
        ]);
      };
      await bench.commands.send(act);
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['next']);
        goOn();
        return late;
      };
      await bench.commands.send(act);
      expect(await late).toMatchObject([{ code: 'TRANSACTION_ENDED' }, { code: 'TRANSACTION_ENDED' }]);
      expect(await bench.texts()).toEqual(['next']);
      expect(await bench.events(book)).toEqual([]);
    });

    it('waits for what was begun before the end and not awaited', async () => {
      bench.script.handler = (tx) => {
        void tx.query(INSERT, ['row']);
        void bench.publish(book, 'event');
      };
      expect(await bench.commands.send(act)).toMatchObject({ ok: true, events: [{ channel: `notes.${book}` }] });
      await expectWritten();
    });

    it('aborts when a statement had failed, whoever caught its error', async () => {
      bench.script.handler = async (tx) => {
        await write(tx);
        await tx.query('select 1 / 0', []).catch(() => {});
      };
      expect(await bench.commands.send(act)).toMatchObject({
        error: { code: 'TRANSACTION_ABORTED', outcome: 'not-applied' },
      });
      await expectNothing();
    });

    it('is refused as the handler’s error by a constraint that waits for COMMIT', async () => {
      const errors: unknown[] = [];
      bench.script.filter = (error) => void errors.push(error);
      bench.script.handler = async (tx) => {
        await write(tx);
        await write(tx);
      };
      expect(await bench.commands.send(act)).toMatchObject({
        error: { code: 'INTERNAL', retry: 'never', outcome: 'not-applied' },
      });
      expect(errors).toMatchObject([{ code: '23505' }]);
      await expectNothing();
    });

    it('names only the events that no savepoint took back', async () => {
      bench.script.handler = async (tx) => {
        await tx.query('savepoint a', []);
        await bench.publish(book, 'dropped');
        await tx.query('rollback to savepoint a', []);
        await tx.query('savepoint b', []);
        const { id } = await bench.publish(book, 'kept');
        await tx.query('release savepoint b', []);
        return id;
      };
      const answer = await bench.commands.send(act);
      const [{ id } = {}, ...more] = await bench.events(book);
      expect(more).toEqual([]);
      expect(answer).toEqual({ ok: true, result: id, events: [{ channel: `notes.${book}`, id }] });
    });

    it('sends live events after the commit, and never without one', async () => {
      const look = (text: string) => bench.publisher.publish(looks, { book }, 'book.opened', text);
      let seen = -1;
      bench.script.handler = async (tx) => {
        await tx.query(INSERT, ['row']);
        await look('kept');
        seen = bench.live.length;
      };
      await bench.commands.send(act);
      expect(seen).toBe(0);
      expect(bench.live).toMatchObject([{ channel: `looks.${book}`, event: { type: 'book.opened', data: '"kept"' } }]);
      bench.script.handler = async () => {
        await look('dropped');
        throw new Error('no');
      };
      await bench.commands.send(act);
      expect(bench.live).toHaveLength(1);
      expect(await look('outside')).toEqual({ id: bench.live[1]?.event.id });
    });

    it('numbers what was published outside before it answers', async () => {
      expect(await bench.publish(book, 'one')).toMatchObject({ offset: 1 });
      expect(await bench.publish(book, 'two')).toMatchObject({ offset: 2 });
    });

    it('leaves what guards and interceptors publish out of the transaction', async () => {
      const offsets: unknown[] = [];
      const publish = async (text: string): Promise<void> => {
        offsets.push((await bench.publish(book, text)).offset);
      };
      bench.script.guard = () => publish('guard').then(() => true);
      bench.script.around = async (next) => {
        await publish('before');
        return next.handle().pipe(
          catchError(() => of('fine')),
          concatMap(() => publish('after')),
        );
      };
      bench.script.handler = async (tx) => {
        await write(tx);
        throw new Error('no');
      };
      expect(await bench.commands.send(act)).toEqual({ ok: true });
      expect(offsets).toEqual([1, 2, 3]);
      expect(await bench.texts()).toEqual([]);
    });

    it('publishes in a transaction of one’s own, whose end it finds by itself', async () => {
      const lost = await bench.database.begin();
      await bench.publish(book, 'lost', { tx: lost });
      await lost.rollback();
      const kept = await bench.database.begin();
      expect(await bench.publish(book, 'kept', { tx: kept })).toEqual({ id: expect.any(String) as string });
      await kept.commit();
      await expect
        .poll(() => bench.database.query('select data from millrace.event where channel = $1', [`notes.${book}`]))
        .toEqual([{ data: '"kept"' }]);
    });

    it('knows its own transaction when it is given', async () => {
      bench.script.handler = () => bench.publish(book, 'event', { tx: bench.script.handle as StatementRunner });
      expect(await bench.commands.send(act)).toMatchObject({ ok: true, events: [{ channel: `notes.${book}` }] });
    });

    it('bounds the events of one transaction, live ones too', async () => {
      bench.script.handler = async () => {
        await bench.publisher.publish(looks, { book }, 'book.opened', '');
        for (const text of ['one', 'two', 'three']) await bench.publish(book, text);
      };
      expect(await bench.commands.send(act)).toMatchObject({
        error: { code: 'TRANSACTION_TOO_LARGE', outcome: 'not-applied' },
      });
      await expectNothing();
      expect(bench.live).toEqual([]);
    });

    it('stores one event for one key, inside and outside', async () => {
      const key = randomUUID();
      const first = await bench.publish(book, 'first', { key });
      expect(await bench.publish(book, 'again', { key })).toEqual(first);
      bench.script.handler = () => bench.publish(book, 'inside', { key });
      expect(await bench.commands.send(act)).toMatchObject({ ok: true });
      await expect.poll(() => bench.events(book)).toMatchObject([{ id: first.id, data: '"first"' }]);
    });

    it('keeps the cause with staged, direct and foreign events', async () => {
      const cause = { commandId: 'mine', principal: 'ann', trace: TRACE };
      bench.script.guard = () => bench.publish(book, 'direct').then(() => true);
      bench.script.handler = () => bench.publish(book, 'staged');
      await bench.commands.send(act, undefined, { id: 'mine' });
      await bench.publish(book, 'outside');
      await expect
        .poll(async () =>
          (await bench.events(book)).toSorted((a, b) => String(a['data']).localeCompare(String(b['data']))),
        )
        .toMatchObject([
          { data: '"direct"', cause },
          { data: '"outside"', cause: { trace: TRACE } },
          { data: '"staged"', cause },
        ]);
    });

    it('gives the same to whoever asks for a transaction outside of commands', async () => {
      const database = new MillraceDatabase(bench.database, 10);
      await expect(
        database.transaction(async (tx) => {
          await write(tx);
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      await expectNothing();
      await database.transaction(write);
      await expectWritten();
    });
  });
}
