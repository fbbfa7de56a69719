import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { createClient, defineCommand, type Client, type ClientOptions, type ConnectionState } from '@millrace/client';
import { DEFAULT_PATH, NAMESPACE, wireError, type WireError } from '@millrace/protocol';
import { Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from './support/until.js';

/** The SDK on the real socket.io-client, against servers and networks that misbehave. */

const ping = defineCommand('desk.ping');
const closers: (() => unknown)[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
});

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  process.off('unhandledRejection', onUnhandled);
  if (unhandled.length > 0) throw new AggregateError(unhandled, 'A promise was rejected and nobody took it');
  // Whatever the client opened is closed with it.
  await until('no connection is left', () => !process.getActiveResourcesInfo().some((one) => one.startsWith('TCP')));
});

function connect(url: string, options: Partial<ClientOptions> = {}) {
  const errors: unknown[] = [];
  const client = createClient({
    url,
    token: () => 'token',
    minBackoffMs: 20,
    maxBackoffMs: 100,
    onError: (error) => errors.push(error),
    ...options,
  });
  closers.push(() => client.close());
  const states: ConnectionState[] = [];
  client.onState((state) => states.push(state));
  client.connect();
  return { client, states, errors };
}

const at = (client: Client, kind: ConnectionState['kind']) => until(kind, () => client.state.kind === kind);

/** A bare Socket.IO server: it admits whom `refuse` does not refuse, and answers nothing by itself. */
async function serve(refuse: (socket: Socket) => WireError | undefined = () => undefined) {
  const http = createHttpServer();
  const io = new Server(http, { path: DEFAULT_PATH, transports: ['websocket'], pingInterval: 100, pingTimeout: 150 });
  const sockets = new Set<Socket>();
  const namespace = io.of(NAMESPACE);
  namespace.use((socket, next) => {
    const refusal = refuse(socket);
    next(refusal && Object.assign(new Error(refusal.message), { data: refusal }));
  });
  namespace.on('connection', (socket) => {
    sockets.add(socket);
    socket.emit('control', { kind: 'welcome', session: socket.id });
    socket.on('disconnect', () => sockets.delete(socket));
  });
  await listen(http);
  closers.push(() => io.close());
  const { port } = http.address() as AddressInfo;
  return { sockets, port, url: `http://127.0.0.1:${port}` };
}

async function listen(server: Pick<TcpServer, 'listen'>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
}

describe('a server', () => {
  it('that takes connections and says nothing is given up, and tried again', async () => {
    let taken = 0;
    const silent = createTcpServer((socket) => {
      taken++;
      socket.on('error', () => {});
      socket.resume();
    });
    await listen(silent);
    closers.push(() => silent.close());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { client, errors } = connect(url, { connectTimeoutMs: 100 });
    await until('three tries', () => taken >= 3);
    expect(['connecting', 'reconnecting']).toContain(client.state.kind);
    expect(errors).toEqual([]);
  });

  it('that nobody listens for is tried again and again', async () => {
    const { url } = await serve();
    const proxy = await TcpProxy.listen();
    closers.push(() => proxy.close());
    const { client, states, errors } = connect(proxy.url);
    await until('three tries', () => states.filter(({ kind }) => kind === 'reconnecting').length >= 3);
    proxy.target = Number(new URL(url).port);
    await at(client, 'connected');
    expect(errors).toEqual([]);
  });

  it('that never answers a command does not hold it for ever', async () => {
    const { url } = await serve();
    const { client } = connect(url, { commandTimeoutMs: 100 });
    await expect(client.send(ping)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
    expect(client.state.kind).toBe('connected');
  });

  it('that cuts a client off leaves it a command of unknown outcome, and a new connection', async () => {
    const { url, sockets } = await serve();
    const { client } = connect(url);
    await at(client, 'connected');
    const sent = client.send(ping).catch((error: unknown) => error);
    await until('the server has it', () => sockets.size === 1);
    for (const socket of sockets) socket.disconnect(true);
    expect(await sent).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' });
    await at(client, 'connected');
  });
});

describe('a network', () => {
  it('that dies without a word is noticed by the heartbeat', async () => {
    const { port } = await serve();
    const proxy = await TcpProxy.listen(port);
    closers.push(() => proxy.close());
    const { client, states } = connect(proxy.url);
    await at(client, 'connected');
    const before = states.length;
    expect(proxy.swallow()).toBe(1);
    await until('the client knows', () => states.slice(before).some(({ kind }) => kind === 'reconnecting'), 2_000);
    await at(client, 'connected');
  });
});

describe('a refusal', () => {
  it('for an expired token fetches one anew, once, and at once', async () => {
    const { url } = await serve(({ handshake }) =>
      handshake.auth['token'] === 'fresh' ? undefined : wireError('TOKEN_EXPIRED'),
    );
    const asked: string[] = [];
    const { client, states } = connect(url, {
      token: ({ reason }) => {
        asked.push(reason);
        return reason === 'refused' ? 'fresh' : 'stale';
      },
    });
    await at(client, 'connected');
    expect(asked).toEqual(['connect', 'refused']);
    expect(states.map(({ kind }) => kind)).toEqual(['connecting', 'connecting', 'connected']);
  });

  it.each([
    ['FORBIDDEN', 'disconnected', 1],
    ['PROTOCOL_UNSUPPORTED', 'disconnected', 5],
    ['UNAUTHENTICATED', 'needs-auth', 5],
  ] as const)('%s ends in %s after %i tries', async (code, kind, tries) => {
    let asked = 0;
    const { url } = await serve(() => {
      asked++;
      return wireError(code);
    });
    const { client } = connect(url, { refusalPatienceMs: 1 });
    await at(client, kind);
    expect(client.state).toEqual({ kind, error: wireError(code) });
    expect(asked).toBe(tries);
  });

  it.each(['DRAINING', 'BUSY'] as const)('%s is heeded for as long as the server asks', async (code) => {
    const times: number[] = [];
    const { url } = await serve(() => {
      times.push(performance.now());
      return times.length === 1 ? wireError(code, { retryAfterMs: 300 }) : undefined;
    });
    const { client } = connect(url);
    await at(client, 'connected');
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(290);
  });

  it('of a namespace that nobody serves is no end', async () => {
    const http = createHttpServer();
    const io = new Server(http, { path: DEFAULT_PATH, transports: ['websocket'] });
    await listen(http);
    closers.push(() => io.close());
    const { states } = connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    await until('two tries', () => states.filter(({ kind }) => kind === 'reconnecting').length >= 2);
    expect(states.map(({ kind }) => kind)).not.toContain('disconnected');
  });
});

describe('many clients in one process', () => {
  it('have a connection each', async () => {
    const { url, sockets } = await serve();
    const clients = Array.from({ length: 20 }, () => connect(url).client);
    for (const client of clients) await at(client, 'connected');
    expect(sockets.size).toBe(20);
    for (const client of clients.slice(0, 10)) client.close();
    await until('half of them are gone', () => sockets.size === 10);
    expect(clients.slice(10).every(({ state }) => state.kind === 'connected')).toBe(true);
  });

  it('leave one connection after a flurry of connect() and disconnect()', async () => {
    const { url, sockets } = await serve();
    const { client } = connect(url);
    for (let turn = 0; turn < 50; turn++) {
      client.disconnect();
      client.connect();
      if (turn % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await at(client, 'connected');
    await until('only one is left', () => sockets.size === 1);
    expect([...sockets][0]?.id).toBe(client.state.kind === 'connected' && client.state.session);
  });

  it('end for good while they still connect', async () => {
    const { url, sockets } = await serve();
    const clients = Array.from({ length: 5 }, () => connect(url).client);
    await new Promise((resolve) => setImmediate(resolve));
    for (const client of clients) client.close();
    await until('nobody is there', () => sockets.size === 0);
    expect(clients.map(({ state }) => state.kind)).toEqual(Array.from({ length: 5 }, () => 'closed'));
  });
});
