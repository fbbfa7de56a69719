import 'reflect-metadata';
import { Injectable, Logger, Module } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { defineChannel, event } from '@millrace/protocol';
import { createDatabase, type FreshDatabase } from '../../../test/support/fresh-database.js';
import { Gateway } from './command/command.decorators.js';
import { MillraceModule } from './millrace.module.js';
import { ChannelPublisher } from './stream/channel-publisher.js';
import { MillraceDatabase } from './stream/transaction/millrace-database.js';
import { MillraceTestModule } from './testing/millrace-test.module.js';

const notes = defineChannel('notes.:book', { delivery: 'durable', events: { 'note.written': event<string>() } });
const authenticate = { authenticate: () => Promise.reject(new Error('not asked')) };

const fresh: FreshDatabase[] = [];
async function freshUrl(): Promise<string> {
  const database = await createDatabase();
  fresh.push(database);
  return database.url;
}
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  for (const database of fresh) await database.drop();
});

@Injectable()
class Notes {
  constructor(private readonly publisher: ChannelPublisher) {}
  write(text: string) {
    return this.publisher.publish(notes, { book: 'red' }, 'note.written', text);
  }
}

it('publishes where there is no HTTP server, and says that no client can connect', async () => {
  const warned = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const connectionString = await freshUrl();
  @Module({ imports: [MillraceModule.forRoot({ postgres: { connectionString }, authenticate })], providers: [Notes] })
  class Root {}
  const app = await NestFactory.createApplicationContext(Root, { logger: false, abortOnError: false });
  expect(await app.get(Notes).write('x')).toMatchObject({ offset: 1 });
  expect(warned.mock.calls.flat()).toContainEqual(expect.stringContaining('forPublisher()'));
  await app.close();
});

it('is replaced in tests by the module that overrides the very one that was imported', async () => {
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const connectionString = await freshUrl();
  const millrace = MillraceModule.forRoot({
    postgres: { connectionString: 'postgres://127.0.0.1:1/none' },
    authenticate,
  });
  @Module({ imports: [millrace], providers: [Notes] })
  class Root {}
  const module = await Test.createTestingModule({ imports: [Root] })
    .overrideModule(millrace)
    .useModule(MillraceTestModule.forRoot({ principals: {}, postgres: { connectionString } }))
    .compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  expect(await app.get(Notes).write('x')).toMatchObject({ offset: 1 });
  await app.close();
});

it('leaves its providers to be overridden, as others are', async () => {
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const connectionString = await freshUrl();
  const publish = vi.fn<() => Promise<unknown>>().mockResolvedValue({ id: 'fake' });
  const module = await Test.createTestingModule({
    imports: [MillraceTestModule.forRoot({ principals: {}, postgres: { connectionString } })],
    providers: [Notes],
  })
    .overrideProvider(ChannelPublisher)
    .useValue({ publish })
    .compile();
  await module.init();
  expect(await module.get(Notes).write('x')).toEqual({ id: 'fake' });
  await module.close();
});

it('runs in two applications of one process, whose transactions and logs are apart', async () => {
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const boot = async () => {
    const connectionString = await freshUrl();
    @Module({ imports: [MillraceModule.forRoot({ postgres: { connectionString }, authenticate })], providers: [Notes] })
    class Root {}
    const app = await NestFactory.create(Root, { logger: false, abortOnError: false });
    await app.init();
    return app;
  };
  const [one, other] = [await boot(), await boot()];
  const counts = (app: typeof one) =>
    app
      .get(MillraceDatabase)
      .query("select count(*) as n from millrace.event where channel = 'notes.red'")
      .then(([row]) => row?.['n']);
  const failing = one.get(MillraceDatabase).transaction(async () => {
    expect(await other.get(Notes).write('of the other')).toMatchObject({ offset: 1 });
    await one.get(Notes).write('lost');
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect([await counts(one), await counts(other)]).toEqual([0, 1]);
  await Promise.all([one.close(), other.close()]);
});

it('names a gateway of a module that is loaded after the boot', async () => {
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  const connectionString = await freshUrl();
  @Gateway()
  class LateGateway {}
  @Module({ providers: [LateGateway] })
  class Late {}
  @Module({ imports: [MillraceTestModule.forRoot({ principals: {}, postgres: { connectionString } })] })
  class Root {}
  const app = await NestFactory.create(Root, { logger: false, abortOnError: false });
  await app.init();
  await app.get(LazyModuleLoader).load(() => Late);
  await vi.waitFor(() => expect(logged).toHaveBeenCalledWith(expect.stringContaining('LateGateway is under')), 10_000);
  expect(logged).toHaveBeenCalledOnce();
  const second = MillraceModule.forPublisher({ postgres: { connectionString } });
  await expect(app.get(LazyModuleLoader).load(() => second)).rejects.toThrow('remove forPublisher()');
  await app.close();
});
