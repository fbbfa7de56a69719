import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
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

describe('where a network swallows everything, on the only connection', () => {
  const begun = Buffer.concat([message('C', Buffer.from('BEGIN\0')), message('Z', Buffer.from('T'))]);

  /** The server answers the first statement with `answer`, if it does, and nothing after that. */
  async function silent(answer?: Buffer): Promise<{ database: PgDatabase; clock: FakeClock }> {
    const connectionString = await serverThat((socket) => {
      socket.write(Buffer.concat([authenticated, ready]));
      if (answer) socket.once('data', () => socket.write(answer));
    });
    const clock = new FakeClock();
    const times = { passTimeoutMs: 10_000, historyTimeoutMs: 2_000, clock };
    return { database: new PgDatabase({ connectionString, maxConnections: 1 }, times), clock };
  }

  /** What waits ends with `ms`, not before, and its connection with it. */
  async function expectEnd(clock: FakeClock, ms: number, waiting: Promise<unknown>): Promise<void> {
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await clock.advance(ms - 1);
    await settled();
    expect(await Promise.race([waiting, Promise.resolve('waiting')])).toBe('waiting');
    await clock.advance(1);
    await waiting;
    expect(clock.pending).toBe(0);
    await vi.waitFor(() => expect([...sockets].every((socket) => socket.destroyed)).toBe(true));
  }

  it('a statement is given up', async () => {
    const { database, clock } = await silent();
    const failure = failureOf(database.query('select 1', []));
    await expectEnd(clock, 60_000, failure);
    expect(await failure).toMatchObject({ code: 'STREAM_UNAVAILABLE' });
    await database.stop();
  });

  it('a BEGIN is', async () => {
    const { database, clock } = await silent();
    const failure = failureOf(database.begin(10_000));
    await expectEnd(clock, 5_000, failure);
    expect(await failure).toMatchObject({ code: 'STREAM_UNAVAILABLE' });
    await database.stop();
  });

  it('a roll-back is, and the statement that it stands behind', async () => {
    const { database, clock } = await silent(begun);
    const transaction = await database.begin();
    const failure = failureOf(transaction.query('select 1', []));
    await expectEnd(clock, 5_000, transaction.rollback());
    expect(await failure).toMatchObject({ code: 'TRANSACTION_ABORTED' });
    await database.stop();
  });

  it('a COMMIT is, in doubt', async () => {
    const { database, clock } = await silent(begun);
    const transaction = await database.begin();
    const failure = failureOf(transaction.commit());
    await expectEnd(clock, 60_000, failure);
    expect(await failure).toMatchObject({ code: 'TRANSACTION_IN_DOUBT' });
    await database.stop();
  });

  it('does not keep the process from its end', async () => {
    const { database, clock } = await silent(begun);
    await database.begin();
    const stopped = database.stop();
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await clock.advance(5_000);
    expect(await stopped).toBeUndefined();
  });
});
