import 'reflect-metadata';
import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { concatMap, from, Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defineChannel, event } from '@millrace/protocol';
import { randomIds } from '../core/ids.js';
import { FakeClock } from '../core/testing/fake-clock.js';
import { ChannelPublisher } from '../stream/channel-publisher.js';
import { defaultStreamOptions } from '../stream/stream.options.js';
import { failureOf } from '../stream/testing/failure-of.js';
import { detached } from '../stream/transaction/ambient.js';
import { MillraceDatabase } from '../stream/transaction/millrace-database.js';
import { CommandBench } from './testing/command-bench.js';
import { MemoryDatabase } from './testing/memory-database.js';
import { act, actFreely, Script, scriptedProviders } from './testing/scripted-gateway.js';

const notes = defineChannel('notes.:book', { delivery: 'durable', events: { 'note.written': event<string>() } });

const clock = new FakeClock();
let database: MemoryDatabase;
let script: Script;
let bench: CommandBench;
let publish: (text?: string) => Promise<unknown>;
const errors: unknown[] = [];
const warnings: unknown[] = [];

beforeEach(async () => {
  errors.splice(0);
  warnings.splice(0);
  vi.spyOn(Logger.prototype, 'error').mockImplementation((text: unknown) => void errors.push(text));
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((text: unknown) => void warnings.push(text));
  database = new MemoryDatabase();
  script = new Script();
  const publisher = new ChannelPublisher({
    store: {
      stage: (executor, { id }) => executor.query('insert', [id]).then(() => 'staged'),
      staged: () => Promise.resolve(new Set()),
    },
    sequencer: {
      publish: ({ id }) => Promise.resolve({ id, epoch: 'e', offset: 1 } as never),
      kick: () => {},
      seek: () => {},
    },
    ambient: database.ambient,
    live: { live: () => {} },
    ids: randomIds,
    clock,
    options: defaultStreamOptions,
  });
  publish = (text = 'x') => publisher.publish(notes, { book: 'red' }, 'note.written', text);
  bench = await CommandBench.boot({ database, providers: scriptedProviders(script) });
});
afterEach(() => vi.restoreAllMocks());

/** Code that the handler starts and does not wait for; it publishes after the handler's end. */
type Leave = (late: () => Promise<unknown>) => unknown;
const left: Leave[] = [
  function emitter(late) {
    const orders = new EventEmitter();
    const listener = async (): Promise<void> => {
      await pause(5);
      await late();
    };
    // As decorators for events register an async method: nobody looks at its promise.
    orders.on('order.placed', listener as () => void);
    orders.emit('order.placed');
  },
  function eventBus(late) {
    const bus = new Subject<string>();
    bus.pipe(concatMap(() => from(pause(5).then(late)))).subscribe();
    bus.next('order.placed');
  },
  function forgottenAwait(late) {
    void (async () => {
      await pause(5);
      await late();
    })();
  },
  function timer(late) {
    setTimeout(() => void late(), 5);
  },
  function immediate(late) {
    setImmediate(() => setImmediate(() => void late()));
  },
];

describe('an event that comes after the end of its handler', () => {
  it.each(left.map((leave) => [leave.name, leave] as const))('is named in the log: %s', async (_, leave) => {
    const refused = new Promise((resolve) => {
      script.handler = () => void leave(async () => resolve(await failureOf(publish())));
    });
    expect(await bench.send(act)).toEqual({ ok: true });
    expect(await refused).toMatchObject({ code: 'TRANSACTION_ENDED' });
    expect(errors).toEqual([
      expect.stringContaining('"note.written" on "notes.red" came after the end of command test.act'),
    ]);
    for (const remedy of ['emitAsync()', 'in the handler', 'detached()', 'transaction: false']) {
      expect(errors[0]).toContain(remedy);
    }
    expect(database.rows).toEqual([]);
  });

  it('is not lost, and not in the log, when the handler awaits it', async () => {
    script.handler = async () => {
      const emitter = new EventEmitter();
      const listeners: Promise<unknown>[] = [];
      emitter.on('order.placed', () => void listeners.push(pause(5).then(() => publish())));
      emitter.emit('order.placed');
      await Promise.all(listeners);
    };
    expect(await bench.send(act)).toMatchObject({ ok: true, events: [{ channel: 'notes.red' }] });
    expect(errors).toEqual([]);
  });

  it.each([
    ['is detached', () => act, (late: () => Promise<unknown>) => detached(late)],
    ['belongs to a handler without a transaction', () => actFreely, (late: () => Promise<unknown>) => late()],
  ])('is published by itself where it %s', async (_, command, start) => {
    let later: Promise<unknown> = Promise.resolve();
    script.handler = () => {
      later = start(() => pause(5).then(() => publish()));
    };
    await bench.send(command());
    expect(await later).toMatchObject({ offset: 1 });
    expect(errors).toEqual([]);
  });

  it('takes a line a minute, which counts those before it', async () => {
    const lose = async (): Promise<void> => {
      let late: Promise<unknown> = Promise.resolve();
      script.handler = () => {
        late = pause(1).then(() => failureOf(publish()));
      };
      await bench.send(act);
      await late;
    };
    for (let i = 0; i < 3; i++) await lose();
    expect(errors).toHaveLength(1);
    await clock.advance(60_000);
    await lose();
    expect(errors).toHaveLength(2);
    expect(errors[1]).toContain('2 more like it');
  });

  it('is named like statements of MillraceDatabase are', async () => {
    const own = new MillraceDatabase(database, 10);
    let late: Promise<unknown> = Promise.resolve();
    script.handler = () => {
      late = pause(5).then(async () => [
        await failureOf(own.query('insert', [1])),
        await failureOf(own.transaction(() => publish())),
      ]);
    };
    await bench.send(act);
    expect(await late).toMatchObject([{ code: 'TRANSACTION_ENDED' }, { code: 'TRANSACTION_ENDED' }]);
    expect(errors).toMatchObject([
      expect.stringContaining('MillraceDatabase.query() came after the end of command test.act'),
      expect.stringContaining('MillraceDatabase.transaction() came after the end of command test.act'),
    ]);
  });
});

describe('a command that publishes and writes nothing in its transaction', () => {
  it('is named once: its writes may go through a connection of their own', async () => {
    script.handler = () => publish();
    for (let i = 0; i < 3; i++) expect(await bench.send(act)).toMatchObject({ ok: true });
    expect(warnings).toEqual([expect.stringMatching(/^command test\.act published an event, but ran no statement/)]);
    expect(warnings[0]).toContain('TransactionPort');
  });

  it.each<[string, () => unknown]>([
    [
      'wrote with its handle',
      async () => [await (script.handle as MemoryDatabase).query('insert', ['row']), await publish()],
    ],
    [
      'wrote with MillraceDatabase',
      async () => [await new MillraceDatabase(database, 9).query('insert', [1]), await publish()],
    ],
    [
      'wrote in a nested transaction',
      () =>
        new MillraceDatabase(database, 9).transaction(async (tx) => [await tx.query('insert', [1]), await publish()]),
    ],
    ['published nothing', () => 1],
    ['failed', () => publish().then(() => Promise.reject(new Error('no')))],
  ])('is not meant when it %s', async (_, handler) => {
    script.handler = handler;
    await bench.send(act);
    expect(warnings).toEqual([]);
  });

  it('is not meant when it has no transaction', async () => {
    script.handler = () => publish();
    expect(await bench.send(actFreely)).toMatchObject({ ok: true });
    expect(warnings).toEqual([]);
  });
});

it('leaves the events of another application in its own log, outside of this transaction', async () => {
  const other = new MemoryDatabase();
  const staged: unknown[] = [];
  const direct: unknown[] = [];
  const publisher = new ChannelPublisher({
    store: { stage: async (_, { id }) => (staged.push(id), 'staged'), staged: () => Promise.resolve(new Set()) },
    sequencer: { publish: async ({ id }) => direct.push(id) as never, kick: () => {}, seek: () => {} },
    ambient: other.ambient,
    live: { live: () => {} },
    ids: randomIds,
    clock,
    options: defaultStreamOptions,
  });
  script.handler = async () => {
    await publisher.publish(notes, { book: 'red' }, 'note.written', 'x');
    await new MillraceDatabase(other, 10).query('insert', ['of the other']);
    throw new Error('no');
  };
  await bench.send(act);
  expect([staged, direct, other.rows, database.rows]).toEqual([[], [expect.any(String)], ['of the other'], []]);
});
