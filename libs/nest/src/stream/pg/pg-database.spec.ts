import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { FakeClock, settled } from '../../core/testing/fake-clock.js';
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
  sockets.clear();
  await new Promise((resolve) => server.close(resolve));
});

/** A server that greets whoever connects, and says nothing after that. */
async function serverThat(greets: (socket: Socket) => void): Promise<string> {
  server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('data', () => greets(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `postgres://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/none`;
}

it('survives a server that cuts a connection in the moment of its greeting', async () => {
  const greeting = Buffer.concat([authenticated, ready, shutDown]);
  const connectionString = await serverThat((socket) => socket.end(greeting));
  const database = new PgDatabase({ connectionString }, { passTimeoutMs: 1_000, historyTimeoutMs: 1_000 });
  // Vitest fails the run for an error that nobody listens to.
  expect(await failureOf(database.query('select 1', []))).toMatchObject({ code: 'STREAM_UNAVAILABLE' });
  expect(await failureOf(database.begin())).toMatchObject({ code: 'STREAM_UNAVAILABLE' });
  expect(await failureOf(database.pass.query('select 1', []))).toMatchObject({ code: 'STREAM_UNAVAILABLE' });
  await database.stop();
});

it('gives up a read that a dead network swallows, and its connection with it', async () => {
  const connectionString = await serverThat((socket) => socket.write(Buffer.concat([authenticated, ready])));
  const clock = new FakeClock();
  const times = { passTimeoutMs: 10_000, historyTimeoutMs: 2_000, clock };
  const database = new PgDatabase({ connectionString, maxConnections: 1 }, times);
  for (let n = 1; n <= 2; n++) {
    const failure = failureOf(database.reader.query('select 1', []));
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await clock.advance(2_999);
    expect(await Promise.race([failure, settled()])).toBeUndefined();
    await clock.advance(1);
    expect(await failure).toMatchObject({ code: 'STREAM_UNAVAILABLE' });
    expect([sockets.size, clock.pending]).toEqual([n, 0]);
  }
  await database.stop();
});
