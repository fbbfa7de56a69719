import 'reflect-metadata';
import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../test/support/fresh-database.js';
import { MillraceModule } from './millrace.module.js';
import { MillraceDatabase } from './stream/transaction/millrace-database.js';

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await createDatabase();
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await fresh.drop();
});

const HOOKS = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'] as const;
const PLACES = ['around', 'beside', 'below'] as const;
const cases = HOOKS.flatMap((hook) => PLACES.map((place) => [hook, place] as const));

it.each(cases)('an application closes whose pool ends in %s of a module %s that of Millrace', async (hook, place) => {
  const pool = new pg.Pool({ connectionString: fresh.url, max: 2 });
  let ended = false;
  @Injectable()
  class Owner {}
  Object.assign(Owner.prototype, {
    [hook]: async () => {
      await pool.end();
      ended = true;
    },
  });
  @Module({ providers: [Owner], exports: [Owner] })
  class PoolModule {}
  const authenticate = { authenticate: () => Promise.reject(new Error('not asked')) };
  const millrace = MillraceModule.forRootAsync({
    imports: place === 'below' ? [PoolModule] : [],
    useFactory: () => ({ postgres: { pool }, authenticate, session: { drainSpreadMs: 0 } }),
  });
  const modules = { around: [millrace], beside: [PoolModule, millrace], below: [millrace] }[place];
  @Module({ imports: modules, providers: place === 'around' ? [Owner] : [] })
  class Root {}
  const app = await NestFactory.create(Root, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  await app.get(MillraceDatabase, { strict: false }).query('select 1');
  const before = performance.now();
  await app.close();
  expect(ended).toBe(true);
  expect(performance.now() - before).toBeLessThan(4_000);
  expect([pool.totalCount, pool.waitingCount]).toEqual([0, 0]);
});
