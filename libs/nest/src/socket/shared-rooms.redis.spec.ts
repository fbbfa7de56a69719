import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Namespace, Socket } from 'socket.io';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../test/support/fresh-database.js';
import { serviceAddress } from '../../../../test/support/service-address.js';
import { MillraceModule } from '../millrace.module.js';
import { connected } from '../session/testing/session-node.js';
import { useRealtime } from '../use-realtime.js';

/** In a namespace of Millrace's name: its rooms are not Millrace's. */
@WebSocketGateway({ namespace: '/realtime' })
class Hall {
  @WebSocketServer() readonly namespace!: Namespace;

  handleConnection(socket: Socket): void {
    void socket.join('all');
  }
}

let database: FreshDatabase;
const apps: INestApplication[] = [];
const closers: (() => unknown)[] = [];

async function start(isShared: boolean): Promise<{ readonly hall: Hall; readonly heard: string[] }> {
  const millrace = MillraceModule.forRoot({
    postgres: { connectionString: database.url },
    redis: { url: serviceAddress('REDIS_URL') },
    authenticate: { authenticate: () => Promise.reject(new Error('not asked here')) },
  });
  class Root {}
  Module({ imports: [millrace], providers: [Hall] })(Root);
  const app = await NestFactory.create(Root, { logger: false, abortOnError: false });
  apps.push(app);
  if (isShared) useRealtime(app);
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const guest = io(`http://127.0.0.1:${port}/realtime`, { reconnection: false, forceNew: true });
  closers.push(() => guest.disconnect());
  await connected(guest);
  const heard: string[] = [];
  guest.on('said', (text: string) => heard.push(text));
  return { hall: app.get(Hall), heard };
}

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  for (const close of closers) close();
  await Promise.all(apps.map((app) => app.close()));
  await database.drop();
});

it('rooms of the application reach over the nodes that asked for it, and no others', async () => {
  const [one, two] = [await start(true), await start(true)];
  const [local, alone] = [await start(false), await start(false)];
  await vi.waitFor(() => {
    one.hall.namespace.to('all').emit('said', 'from one');
    expect(two.heard).toContain('from one');
  });
  local.hall.namespace.to('all').emit('said', 'from a local one');
  await vi.waitFor(() => expect(local.heard).toContain('from a local one'));
  await vi.waitFor(() => {
    two.hall.namespace.to('all').emit('said', 'the last');
    expect(one.heard).toContain('the last');
  });
  expect([...new Set([...local.heard, ...alone.heard])]).toEqual(['from a local one']);
  expect(alone.heard).toEqual([]);
  expect(one.heard).not.toContain('from a local one');
});
