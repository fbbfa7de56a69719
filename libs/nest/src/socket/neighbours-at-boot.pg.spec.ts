import 'reflect-metadata';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { PROTOCOL_VERSION } from '@millrace/protocol';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../test/support/fresh-database.js';
import { StreamHealth } from '../health/stream-health.js';
import { MillraceModule } from '../millrace.module.js';
import { PgDatabase } from '../stream/pg/pg-database.js';
import { connected } from '../session/testing/session-node.js';

let database: FreshDatabase;
let observer: PgDatabase;
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  database = await createDatabase();
  observer = new PgDatabase({ connectionString: database.url }, { passTimeoutMs: 10_000, historyTimeoutMs: 5_000 });
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  vi.restoreAllMocks();
});
afterAll(async () => {
  await observer.stop();
  await database.drop();
});

const millrace = () =>
  MillraceModule.forRoot({
    postgres: { connectionString: database.url },
    authenticate: { authenticate: (token) => Promise.resolve({ principal: token, subject: token }) },
    session: { drainSpreadMs: 0 },
  });

async function enter(http: HttpServer): Promise<void> {
  const { port } = http.address() as AddressInfo;
  const client = io(`http://127.0.0.1:${port}/realtime`, {
    path: '/realtime',
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: { protocol: PROTOCOL_VERSION, token: 'ann', client: { name: 'test', version: '1' } },
  });
  closers.push(() => client.disconnect());
  await connected(client);
}

/** Connections of the node, besides the one that asks. */
async function connectionsToDatabase(): Promise<number> {
  const [row] = await observer.query(
    'select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    [],
  );
  return Number(row?.['count']);
}

describe('an application that could not listen', () => {
  async function occupied(): Promise<number> {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    closers.push(() => other.close());
    return (other.address() as AddressInfo).port;
  }
  async function boot(): Promise<INestApplication> {
    @Module({ imports: [millrace()] })
    class Root {}
    const app = await NestFactory.create(Root, { logger: false, abortOnError: false });
    closers.push(() => app.close());
    return app;
  }

  it('is told so, and a little later holds nothing that would keep its process alive', async () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const app = await boot();
    await expect(app.listen(await occupied(), '127.0.0.1')).rejects.toThrow('EADDRINUSE');
    expect(await connectionsToDatabase()).toBeGreaterThan(0);
    await vi.waitFor(async () => expect(await connectionsToDatabase()).toBe(0), { timeout: 8_000, interval: 100 });
    expect(logged.mock.calls.map(([text]) => String(text))).toContainEqual(
      expect.stringMatching(/^Millrace stops, .* could not listen: listen EADDRINUSE/),
    );
    expect(await app.get(StreamHealth, { strict: false }).check()).toMatchObject({ stream: { status: 'down' } });
  });

  it('works on when it listens on another port', async () => {
    const app = await boot();
    await expect(app.listen(await occupied(), '127.0.0.1')).rejects.toThrow('EADDRINUSE');
    await app.listen(0, '127.0.0.1');
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    await enter(app.getHttpServer() as HttpServer);
  });
});

describe('an application that only called init()', () => {
  it('lets clients in once its HTTP server listens, as under supertest, and again after that was closed', async () => {
    const module = await Test.createTestingModule({ imports: [millrace()] }).compile();
    const app = module.createNestApplication({ logger: false });
    closers.push(() => app.close());
    await app.init();
    const http = app.getHttpServer() as HttpServer;
    for (let round = 0; round < 2; round++) {
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
      await enter(http);
      if (round === 0) {
        await new Promise<void>((resolve) => {
          http.close(() => resolve());
          http.closeAllConnections();
          for (const close of closers.splice(1)) void close();
        });
      }
    }
  });

  it('is no application without HTTP, which boots and closes too', async () => {
    @Module({ imports: [millrace()] })
    class Root {}
    const context = await NestFactory.createApplicationContext(Root, { logger: false, abortOnError: false });
    await context.close();
  });
});
