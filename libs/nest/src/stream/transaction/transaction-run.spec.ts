import { Logger } from '@nestjs/common';
import type { ChannelName } from '@millrace/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CodedError } from '../../core/coded-error.js';
import { Deadline } from '../../core/deadline.js';
import type { NewEvent } from '../../core/stream-event.js';
import { settled } from '../../core/testing/fake-clock.js';
import { failureOf } from '../testing/failure-of.js';
import { AmbientScope, detached } from './ambient.js';
import type { TransactionPort } from './transaction.port.js';
import { TransactionRun, type Work } from './transaction-run.js';
import type { EventStage, UnitOfWork } from './unit-of-work.js';

afterEach(() => vi.restoreAllMocks());

/** A port whose COMMIT answers what the test wants. */
class ScriptedPort implements TransactionPort {
  commit: () => Promise<void> = () => Promise.resolve();
  close?: (handle: unknown) => Promise<void>;

  async run<T>(work: (handle: unknown) => Promise<T>): Promise<T> {
    const result = await work('handle');
    await this.commit();
    return result;
  }

  executor() {
    return { query: () => Promise.resolve([]) };
  }
}

/** As the drivers tell what the server said. */
const serverError = (code: string): Error => Object.assign(new Error('from the server'), { severity: 'ERROR', code });
const wrapped = (cause: Error): Error => new Error('from the ORM', { cause: new Error('again', { cause }) });
const event: NewEvent = { channel: 'notes.red' as ChannelName, id: 'e1', type: 'note.written', data: '1' };
const stage: EventStage = { stage: () => Promise.resolve('staged'), staged: () => Promise.resolve(new Set()) };

async function failing(port: TransactionPort, work: Work<unknown> = () => Promise.resolve()) {
  const run = new TransactionRun(port, 10);
  const error = await failureOf(run.run(work));
  return { error, outcome: run.outcome, staged: run.staged };
}

describe('a failure of COMMIT', () => {
  it.each([
    ['a lost connection', new Error('read ECONNRESET'), 'TRANSACTION_IN_DOUBT', 'unknown'],
    ['a lost connection in errors of an ORM', wrapped(serverError('57P01')), 'TRANSACTION_IN_DOUBT', 'unknown'],
    ['something that nobody knows', 'text', 'TRANSACTION_IN_DOUBT', 'unknown'],
    ['a refusal by the server', serverError('53100'), 'TRANSACTION_ABORTED', 'not-applied'],
    ['a constraint that waited for it', serverError('23505'), '23505', 'not-applied'],
    ['one in errors of an ORM', wrapped(serverError('40001')), 'TRANSACTION_ABORTED', 'not-applied'],
    ['what the port knows', new CodedError('TRANSACTION_ABORTED'), 'TRANSACTION_ABORTED', 'not-applied'],
  ])('is %s', async (_, failure, code, outcome) => {
    const port = new ScriptedPort();
    port.commit = () => Promise.reject(failure);
    const work: Work<void> = (_handle, unit) => unit.stage(event, stage);
    expect(await failing(port, work)).toMatchObject({ error: { code }, outcome, staged: [] });
  });
});

describe('a failure of the work', () => {
  const plain = new Error('no');
  it.each([
    ['a conflict', wrapped(serverError('40P01')), { code: 'TRANSACTION_ABORTED' }, 'not-applied'],
    ['a lost connection', serverError('57P01'), { code: 'TRANSACTION_ABORTED' }, 'not-applied'],
    ['a standby', wrapped(serverError('25006')), { code: 'TRANSACTION_ABORTED' }, 'not-applied'],
    ['an error', plain, plain, 'not-applied'],
    [
      'doubt about a transaction within',
      new CodedError('TRANSACTION_IN_DOUBT'),
      { code: 'TRANSACTION_IN_DOUBT' },
      'unknown',
    ],
  ])('is %s', async (_, failure, error, outcome) => {
    expect(await failing(new ScriptedPort(), () => Promise.reject(failure))).toMatchObject({ error, outcome });
  });

  it('that the port keeps to itself leaves everything in doubt', async () => {
    const port: TransactionPort = {
      run: (work) => work('handle').catch(() => undefined as never),
      executor: () => ({ query: () => Promise.resolve([]) }),
    };
    const work = () => Promise.reject(new Error('no'));
    expect(await failing(port, work)).toMatchObject({ error: { code: 'TRANSACTION_IN_DOUBT' }, outcome: 'unknown' });
  });

  it('does not even start past the deadline', async () => {
    const deadline = new Deadline();
    deadline.pass(new CodedError('DEADLINE_EXCEEDED'));
    const port = new ScriptedPort();
    const begin = vi.spyOn(port, 'run');
    const failure = await failureOf(new TransactionRun(port, 10).run(() => Promise.resolve(), deadline));
    expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(begin).not.toHaveBeenCalled();
  });
});

describe('the end of the work', () => {
  it('closes the handle, and waits for what is in flight there and for events being staged', async () => {
    const order: string[] = [];
    const port = new ScriptedPort();
    port.close = (handle) => settled().then(() => void order.push(`closed ${String(handle)}`));
    port.commit = () => Promise.resolve().then(() => void order.push('commit'));
    const staging = async () => {
      await settled();
      order.push('staged');
      return 'nested' as const;
    };
    const looking = async () => {
      order.push('looked');
      return new Set<string>();
    };
    const slow: EventStage = { stage: staging, staged: looking };
    await new TransactionRun(port, 10).run(async (_, unit) => void unit.stage(event, slow));
    expect(order).toEqual(['staged', 'looked', 'closed handle', 'commit']);
  });

  it('names the events of savepoints that are still there, and all where that cannot be told', async () => {
    const other = { ...event, id: 'e2' };
    const outcome = async (staged: EventStage['staged']): Promise<unknown> => {
      const run = new TransactionRun(new ScriptedPort(), 10);
      await run.run(async (_, unit) => {
        await unit.stage(event, stage);
        await unit.stage(other, { stage: () => Promise.resolve('nested'), staged });
      });
      return run.staged.map(({ id }) => id);
    };
    expect(await outcome(() => Promise.resolve(new Set(['e2'])))).toEqual(['e1', 'e2']);
    expect(await outcome(() => Promise.resolve(new Set()))).toEqual(['e1']);
    expect(await outcome(() => Promise.reject(new Error('failed')))).toEqual(['e1', 'e2']);
  });

  it('runs what waits for the commit once, and only logs what goes wrong there', async () => {
    const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const failure = new Error('no');
    const effect = vi.fn<() => void>();
    const run = new TransactionRun(new ScriptedPort(), 10);
    await run.run(async (_, unit) => {
      unit.hold(() => {
        throw failure;
      });
      unit.afterCommit(effect);
      unit.afterCommit(effect);
      expect(effect).not.toHaveBeenCalled();
    });
    expect(run.outcome).toBe('applied');
    expect(effect).toHaveBeenCalledOnce();
    expect(log).toHaveBeenCalledWith('An after-commit callback failed: no', failure.stack);
  });

  it('is one of its own database: what another one publishes meanwhile is not in it', () => {
    const [own, other] = [new AmbientScope(), new AmbientScope()];
    const [first, second] = [{ cause: { commandId: '1' } }, { cause: { commandId: '2' } }];
    own.run(first, () => {
      expect([own.current(), other.current()]).toEqual([first, undefined]);
      other.run(second, () => expect([own.current(), other.current()]).toEqual([first, second]));
      expect(other.current()).toBeUndefined();
    });
  });

  it('leaves an ended unit behind, unless something was detached from it', async () => {
    const ambient = new AmbientScope();
    const later: Promise<unknown>[] = [];
    await new TransactionRun(new ScriptedPort(), 10).run((_, unit) =>
      ambient.run({ cause: {}, unit }, async () => {
        later.push(settled().then(() => ambient.current()?.unit));
        later.push(detached(() => settled().then(() => ambient.current())));
      }),
    );
    const [left, none] = await Promise.all(later);
    expect(() => (left as UnitOfWork).afterCommit(() => {})).toThrow(
      expect.objectContaining({ code: 'TRANSACTION_ENDED' }),
    );
    expect(none).toBeUndefined();
  });
});
