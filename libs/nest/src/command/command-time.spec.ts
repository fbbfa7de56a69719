import { Logger } from '@nestjs/common';
import { catchError, delay, from, map, NEVER, of, race, repeat, retry, switchMap, tap } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import { FakeClock, settled } from '../core/testing/fake-clock.js';
import { failureOf } from '../stream/testing/failure-of.js';
import type { Transaction } from '../stream/transaction/transaction.port.js';
import { commandsAnswered, commandsInFlight } from './command.metrics.js';
import { CommandBench } from './testing/command-bench.js';
import { FakeSession } from './testing/fake-session.js';
import { MemoryDatabase } from './testing/memory-database.js';
import { act, actFreely, Script, scriptedProviders } from './testing/scripted-gateway.js';

let database: MemoryDatabase;
let clock: FakeClock;
let script: Script;
let bench: CommandBench;
beforeEach(async () => {
  vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  [database, clock, script] = [new MemoryDatabase(), new FakeClock(), new Script()];
  bench = await CommandBench.boot({
    database,
    clock,
    providers: scriptedProviders(script),
    maxCommandsInFlight: 2,
    command: { maxInFlight: 3 },
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  if (clock.pending > 0) throw new Error('A timer was left behind');
});

const write = (tx: Transaction, row: string): Promise<unknown> => tx.query('insert', [row]);
const refusal = (code: string, outcome: string) => ({ ok: false, error: { code, outcome } });

const stateOf = (answer: Promise<unknown>): Promise<unknown> => Promise.race([answer, Promise.resolve('waiting')]);

/** A promise and what ends it. */
function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('the connection', () => {
  it.each([
    ['a guard refuses', () => (script.guard = () => false), 'FORBIDDEN'],
    [
      'a pipe refuses',
      () => (script.pipe = () => Promise.reject(new CodedError('VALIDATION_FAILED'))),
      'VALIDATION_FAILED',
    ],
    ['an interceptor refuses', () => (script.around = () => Promise.reject(new CodedError('BUSY'))), 'BUSY'],
  ])('is not taken when %s', async (_, arrange, code) => {
    script.handler = (tx) => write(tx, 'row');
    arrange();
    expect(await bench.send(act)).toMatchObject(refusal(code, 'not-applied'));
    expect(database.begun).toBe(0);
  });

  it('is not taken when an interceptor answers by itself', async () => {
    script.handler = (tx) => write(tx, 'row');
    script.around = () => of('cached');
    expect(await bench.send(act)).toEqual({ ok: true, result: 'cached' });
    expect(database.begun).toBe(0);
  });

  it('is not taken for a handler that asks for the transaction and does not use it', async () => {
    script.handler = () => 'unused';
    expect(await bench.send(act)).toEqual({ ok: true, result: 'unused' });
    expect(database.begun).toBe(0);
  });

  it('is taken once for all queries', async () => {
    script.handler = async (tx) => {
      await Promise.all([write(tx, 'one'), write(tx, 'two')]);
      await write(tx, 'three');
    };
    await bench.send(act);
    expect(database).toMatchObject({ begun: 1, open: 0, rows: ['one', 'two', 'three'] });
  });
});

describe('the deadline', () => {
  it.each([
    ['guard', () => (script.guard = () => new Promise(() => {}))],
    ['interceptor before the handler', () => (script.around = () => NEVER)],
    ['pipe', () => (script.pipe = () => new Promise(() => {}))],
    ['handler', () => (script.handler = () => new Promise(() => {}))],
    ['Observable of a handler', () => (script.handler = () => NEVER)],
  ])('answers for a %s that hangs', async (_, arrange) => {
    arrange();
    const answer = bench.send(act);
    await clock.advance(9_999);
    expect(await stateOf(answer)).toBe('waiting');
    await clock.advance(1);
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'not-applied'));
  });

  it('answers for an interceptor that hangs after the commit, which stands', async () => {
    script.handler = (tx) => write(tx, 'row');
    script.around = (next) => next.handle().pipe(switchMap(() => NEVER));
    const answer = bench.send(act);
    await clock.advance(10_000);
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'applied'));
    expect(database.rows).toEqual(['row']);
  });

  it('does not start a handler whose guard took too long', async () => {
    const { opened, open } = gate();
    script.guard = () => opened.then(() => true);
    let started = 0;
    script.handler = (tx) => {
      started++;
      return write(tx, 'row');
    };
    const answer = bench.send(act);
    await clock.advance(10_000);
    open();
    await settled();
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'not-applied'));
    expect({ started, begun: database.begun }).toEqual({ started: 0, begun: 0 });
  });

  it('answers only when the roll-back is done', async () => {
    const { opened, open } = gate();
    database.beforeRollback = () => opened;
    script.handler = async (tx) => {
      await write(tx, 'row');
      return new Promise(() => {});
    };
    const answer = bench.send(act);
    await clock.advance(10_000);
    expect(await stateOf(answer)).toBe('waiting');
    open();
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'not-applied'));
    expect(database).toMatchObject({ open: 0, rows: [] });
  });

  it('answers without the roll-back when that does not end either', async () => {
    database.beforeRollback = () => new Promise(() => {});
    script.handler = async (tx) => {
      await write(tx, 'row');
      return new Promise(() => {});
    };
    const answer = bench.send(act);
    await clock.advance(14_999);
    expect(await stateOf(answer)).toBe('waiting');
    await clock.advance(1);
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'not-applied'));
  });

  it('rolls back when it passes between the end of the handler and COMMIT', async () => {
    const { opened, open } = gate();
    const begin = database.begin.bind(database);
    database.begin = async () => {
      await opened;
      return begin();
    };
    script.handler = (tx) => {
      void write(tx, 'not awaited');
      return 'done';
    };
    const answer = bench.send(act);
    await clock.advance(10_000);
    open();
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'not-applied'));
    expect(database).toMatchObject({ open: 0, rows: [] });
  });

  it('leaves a COMMIT alone that is on its way', async () => {
    const { opened, open } = gate();
    database.beforeCommit = () => opened;
    script.handler = (tx) => write(tx, 'row');
    const answer = bench.send(act);
    await clock.advance(10_000);
    open();
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'applied'));
    expect(database.rows).toEqual(['row']);
  });

  it('says unknown when that COMMIT does not end', async () => {
    database.beforeCommit = () => new Promise(() => {});
    script.handler = (tx) => write(tx, 'row');
    const answer = bench.send(act);
    await clock.advance(15_000);
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'unknown'));
  });

  it('says so too when an interceptor had answered before that COMMIT', async () => {
    database.beforeCommit = () => new Promise(() => {});
    const written = gate();
    script.handler = (tx) => write(tx, 'row').then(written.open);
    script.around = (next) =>
      race(
        next.handle(),
        written.opened.then(() => 'early'),
      );
    const answer = bench.send(act);
    await clock.advance(15_000);
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'unknown'));
  });

  it('cannot be made a success of', async () => {
    script.handler = () => new Promise(() => {});
    script.around = (next) => next.handle().pipe(catchError(() => of('fine')));
    const answer = bench.send(act);
    await clock.advance(10_000);
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'not-applied'));
  });

  it('says unknown for a handler without a transaction, which may have done anything', async () => {
    script.handler = () => new Promise(() => {});
    const answer = bench.send(actFreely);
    await clock.advance(10_000);
    expect(await answer).toMatchObject(refusal('DEADLINE_EXCEEDED', 'unknown'));
  });
});

describe('an interceptor', () => {
  it('that starts the handler again gives it another transaction', async () => {
    const late: Promise<unknown>[] = [];
    let started = 0;
    script.handler = async (tx) => {
      await write(tx, `row ${++started}`);
      if (started > 2) return started;
      late.push(settled().then(() => failureOf(write(tx, 'late'))));
      throw new Error('again');
    };
    script.around = (next) => next.handle().pipe(retry(2));
    expect(await bench.send(act)).toEqual({ ok: true, result: 3 });
    expect(await Promise.all(late)).toMatchObject([{ code: 'TRANSACTION_ENDED' }, { code: 'TRANSACTION_ENDED' }]);
    expect(database).toMatchObject({ begun: 3, open: 0, rows: ['row 3'] });
  });

  it.each([
    ['a success before the failure', ['yes', 'no'], 'applied'],
    ['failures only', ['no', 'no'], 'not-applied'],
    ['a doubt before the failure', ['doubt', 'no'], 'unknown'],
    ['a success after a doubt', ['doubt', 'yes'], 'applied'],
  ])('that starts the handler twice: %s', async (_, course, outcome) => {
    let started = 0;
    script.handler = async (tx) => {
      const step = course[started++];
      await write(tx, 'row');
      database.beforeCommit = () =>
        step === 'doubt' ? Promise.reject(new CodedError('TRANSACTION_IN_DOUBT')) : Promise.resolve();
      if (step === 'no') throw new Error('no');
    };
    script.around = (next) =>
      next.handle().pipe(
        catchError(() => of('go on')),
        repeat(2),
        tap(() => {
          if (started === 2) throw new CodedError('BUSY');
        }),
      );
    expect(await bench.send(act)).toMatchObject(refusal('BUSY', outcome));
  });

  it('that answers before the handler has ended makes the answer wait for the transaction', async () => {
    const { opened, open } = gate();
    const started = gate();
    script.handler = async (tx) => {
      started.open();
      await opened;
      return write(tx, 'row');
    };
    script.around = (next) =>
      race(
        next.handle(),
        started.opened.then(() => 'early'),
      );
    const answer = bench.send(act);
    await settled();
    expect(await stateOf(answer)).toBe('waiting');
    open();
    expect(await answer).toEqual({ ok: true, result: 'early' });
    expect(database.rows).toEqual(['row']);
  });

  it('cannot start the handler any more once the command is answered', async () => {
    let again: Promise<unknown> | undefined;
    script.handler = (tx) => write(tx, 'row').then(() => 'first');
    script.around = (next) => {
      again = failureOf(settled().then(() => new Promise((_, reject) => next.handle().subscribe({ error: reject }))));
      return next.handle();
    };
    expect(await bench.send(act)).toEqual({ ok: true, result: 'first' });
    expect(await again).toMatchObject({ code: 'TRANSACTION_ENDED' });
    expect(database.rows).toEqual(['row']);
  });

  it('that runs commands one after the other does not mix them up', async () => {
    const queue: (() => void)[] = [];
    const seen: unknown[] = [];
    script.handler = async (tx, { id }) => {
      seen.push([id, database.ambient.current()?.cause.commandId]);
      await write(tx, id);
      if (id === 'one') for (const run of queue.splice(0)) run();
      return id;
    };
    // The second one starts in the context of the first one's handler.
    script.around = (next, { id }) => {
      if (id === 'one') return next.handle();
      return from(
        new Promise<unknown>((resolve, reject) =>
          queue.push(() => next.handle().subscribe({ next: resolve, error: reject })),
        ),
      );
    };
    const second = bench.send(act, {}, { id: 'two' });
    await settled();
    expect(await bench.send(act, {}, { id: 'one' })).toEqual({ ok: true, result: 'one' });
    expect(await second).toEqual({ ok: true, result: 'two' });
    expect(seen).toEqual([
      ['one', 'one'],
      ['two', 'two'],
    ]);
    expect(database).toMatchObject({ begun: 2, open: 0, rows: expect.arrayContaining(['one', 'two']) as unknown });
  });
});

describe('commands in flight', () => {
  it('are bounded, and a place is free again with the answer', async () => {
    const { opened, open } = gate();
    script.handler = () => opened;
    const first = [bench.send(act), bench.send(act)];
    expect(await bench.send(act)).toMatchObject({
      error: { code: 'COMMANDS_IN_FLIGHT', outcome: 'not-applied', retryAfterMs: 100 },
    });
    open();
    expect(await Promise.race(first)).toEqual({ ok: true });
    expect(await bench.send(act)).toEqual({ ok: true });
    await Promise.all(first);
  });

  it('keep their place past the deadline, until the handler has ended', async () => {
    const { opened, open } = gate();
    script.handler = () => opened;
    const answers = [bench.send(act, {}, { id: 'a' }), bench.send(act, {}, { id: 'b' })];
    await clock.advance(10_000);
    expect(await Promise.all(answers)).toMatchObject([{ ok: false }, { ok: false }]);
    expect(await bench.send(act)).toMatchObject({ error: { code: 'COMMANDS_IN_FLIGHT' } });
    open();
    await settled();
    expect(await bench.send(act, {}, { id: 'a' })).toEqual({ ok: true });
  });

  it('are bounded for all sessions together, by those that wait for their answer', async () => {
    const { opened, open } = gate();
    script.handler = () => opened;
    const sessions = [new FakeSession({ name: 'bob' }), new FakeSession({ name: 'cid' })];
    const first = [bench.send(act), ...sessions.map((session) => bench.send(act, {}, { session }))];
    expect(bench.recorder.valueOf(commandsInFlight)).toBe(3);
    expect(await bench.send(act)).toMatchObject({
      error: { code: 'BUSY', retry: 'backoff', outcome: 'not-applied', retryAfterMs: 500 },
    });
    expect(bench.recorder.valueOf(commandsAnswered, { result: 'busy' })).toBe(1);
    // Handlers that never end hold the places of their sessions, not those of the node.
    await clock.advance(10_000);
    expect(await Promise.all(first)).toMatchObject([{ ok: false }, { ok: false }, { ok: false }]);
    expect(bench.recorder.valueOf(commandsInFlight)).toBe(0);
    script.handler = () => 'done';
    expect(await bench.send(act)).toEqual({ ok: true, result: 'done' });
    open();
  });

  it('of one client leave half of the places of the node to others, however many sessions it has', async () => {
    const { opened, open } = gate();
    script.handler = () => opened;
    const mine = [1, 2, 3].map(() => bench.send(act, {}, { session: new FakeSession() }));
    expect(await mine[2]).toMatchObject({ error: { code: 'BUSY', outcome: 'not-applied' } });
    const other = bench.send(act, {}, { session: new FakeSession({ name: 'bob' }) });
    open();
    expect(await Promise.all([mine[0], mine[1], other])).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
  });

  it('are told apart by their ids until they are answered', async () => {
    const { opened, open } = gate();
    script.handler = () => opened;
    const first = bench.send(act, {}, { id: 'same' });
    expect(await bench.send(act, {}, { id: 'same' })).toMatchObject({ error: { code: 'COMMAND_DUPLICATE' } });
    open();
    expect(await first).toEqual({ ok: true });
    expect(await bench.send(act, {}, { id: 'same' })).toEqual({ ok: true });
  });
});

it('unsubscribes from a handler’s Observable at the deadline, and gives its last value before', async () => {
  script.handler = () => of(1, 2).pipe(map((value) => value * 2));
  expect(await bench.send(act)).toEqual({ ok: true, result: 4 });
  let left = 0;
  script.handler = () => NEVER.pipe(tap({ unsubscribe: () => left++ }));
  const answer = bench.send(act);
  await clock.advance(10_000);
  await answer;
  expect(left).toBe(1);
});

it('takes an Observable for a filter’s answer', async () => {
  script.handler = () => Promise.reject(new Error('no'));
  script.filter = () => of('from the filter').pipe(delay(0));
  expect(await bench.send(act)).toEqual({ ok: true, result: 'from the filter' });
});
