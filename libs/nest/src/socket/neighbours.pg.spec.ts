import 'reflect-metadata';
import type { EventEmitter } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../../test/support/fresh-database.js';
import { MillraceModule } from '../millrace.module.js';
import { engineIoCases } from './testing/engine-io-cases.js';
import { gatewayOptionCases } from './testing/gateway-option-cases.js';
import { Neighbour } from './testing/neighbour-case.js';
import { socketIoCases } from './testing/socket-io-cases.js';
import { usersGateways } from './testing/users-gateways.js';

@Controller('realtime')
class RealtimeController {
  @Get()
  root(): string {
    return 'a route';
  }

  @Get('status')
  status(): string {
    return 'a route below';
  }
}

let database: FreshDatabase;
const apps: INestApplication[] = [];
let stock: Neighbour;
let beside: Neighbour;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function start(...imports: NonNullable<Parameters<typeof Module>[0]['imports']>): Promise<Neighbour> {
  const ownPort = await freePort();
  class Root {}
  Module({ imports, providers: usersGateways(ownPort), controllers: [RealtimeController] })(Root);
  const app = await NestFactory.create(Root, { logger: ['error'], abortOnError: false });
  apps.push(app);
  // Node warns of more than ten, and each server of a gateway is one.
  (app.getHttpServer() as EventEmitter).setMaxListeners(20);
  await app.listen(0, '127.0.0.1');
  return new Neighbour((app.getHttpServer() as { address(): AddressInfo }).address().port, ownPort);
}

beforeAll(async () => {
  database = await createDatabase();
  const millrace = MillraceModule.forRoot({
    postgres: { connectionString: database.url },
    authenticate: { authenticate: (token) => Promise.resolve({ principal: token, subject: token }) },
  });
  stock = await start();
  beside = await start(millrace);
});
afterEach(() => {
  stock.close();
  beside.close();
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await database.drop();
});

describe.each([
  ['Engine.IO', engineIoCases],
  ['Socket.IO', socketIoCases],
  ['the options of gateways', gatewayOptionCases],
])('%s, beside Millrace as without', (_what, cases) => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, { look, expected }) => {
    const [without, withMillrace] = await Promise.all([look(stock), look(beside)]);
    expect(without).toEqual(expected);
    expect(withMillrace).toEqual(expected);
  });
});
