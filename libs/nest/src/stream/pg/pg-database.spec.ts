import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { failureOf } from '../testing/failure-of.js';
import { PgDatabase } from './pg-database.js';

const message = (type: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
};
const authenticated = message('R', Buffer.alloc(4));
const ready = message('Z', Buffer.from('I'));
const shutDown = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0'));

let server: Server;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** A server that greets whoever connects and says in the same breath that it shuts down. */
async function abruptServer(): Promise<string> {
  server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, shutDown])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `postgres://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/none`;
}

it('survives a server that cuts a connection in the moment of its greeting', async () => {
  const connectionString = await abruptServer();
  const database = new PgDatabase({ connectionString }, { passTimeoutMs: 1_000, historyTimeoutMs: 1_000 });
  // Vitest fails the run for an error that nobody listens to.
  expect(await failureOf(database.query('select 1', []))).toMatchObject({ code: 'STREAM_UNAVAILABLE' });
  expect(await failureOf(database.begin())).toMatchObject({ code: 'STREAM_UNAVAILABLE' });
  expect(await failureOf(database.pass.query('select 1', []))).toMatchObject({ code: 'STREAM_UNAVAILABLE' });
  await database.stop();
});
