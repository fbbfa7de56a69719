import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { wireError } from '@millrace/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClient, RealtimeError, type Client, type ConnectionState, type Transport } from '../index.js';
import { checkUrl } from './server-url.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function portOf(server: Server | HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const http = (status: number, headers: Record<string, string> = {}): Promise<number> =>
  portOf(createHttp((_, response) => response.writeHead(status, headers).end('<html>')));

const tcp = (onData: (write: (text: string) => void, end: () => void) => void): Promise<number> =>
  portOf(
    createTcp((socket) => {
      closers.push(() => socket.destroy());
      socket.on('error', () => {});
      socket.once('data', () =>
        onData(
          (text) => void socket.write(text),
          () => void socket.destroy(),
        ),
      );
    }),
  );

async function firstError(url: string): Promise<[RealtimeError, ConnectionState, Client]> {
  const client = createClient({ url, token: () => 't', connectTimeoutMs: 300, minBackoffMs: 5, maxBackoffMs: 20 });
  closers.push(() => client.close());
  const errors: RealtimeError[] = [];
  client.onError((error) => errors.push(error));
  client.connect();
  let tries = 0;
  client.onState(({ kind }) => (tries += kind === 'reconnecting' ? 1 : 0));
  await vi.waitUntil(() => tries >= 3 && client.state.kind === 'reconnecting', { timeout: 5_000, interval: 2 });
  // However often it fails: once a kind.
  expect(errors).toHaveLength(1);
  return [errors[0]!, client.state, client];
}

describe('what is wrong with a server is said, once', () => {
  it.each<[string, () => Promise<string>, string, RegExp]>([
    ['nobody listens there', async () => `http://127.0.0.1:${await freePort()}`, 'unreachable', /ECONNREFUSED/],
    ['the host does not exist', async () => 'http://nowhere.invalid', 'unresolvable', /nowhere\.invalid/],
    ['it is another server', async () => `http://127.0.0.1:${await http(404)}`, 'status', /HTTP status 404/],
    ['it answers a page', async () => `http://127.0.0.1:${await http(200)}`, 'status', /HTTP status 200/],
    ['it refuses the origin', async () => `http://127.0.0.1:${await http(403)}`, 'status', /allowedOrigins.*403/],
    ['a proxy has no upstream', async () => `http://127.0.0.1:${await http(502)}`, 'status', /Upgrade.*502/],
    [
      'it redirects',
      async () => `http://127.0.0.1:${await http(301, { location: 'https://a.b/' })}`,
      'redirect',
      /301/,
    ],
    ['TLS to a plain port', async () => `https://127.0.0.1:${await http(200)}`, 'tls', /scheme/],
    [
      'it is no HTTP',
      async () => `http://127.0.0.1:${await tcp((write) => write('220 mail ready\r\n'))}`,
      'not-http',
      /./,
    ],
    ['it says nothing', async () => `http://127.0.0.1:${await tcp(() => {})}`, 'silent', /says nothing/],
    ['it hangs up', async () => `http://127.0.0.1:${await tcp((_, end) => end())}`, 'unreachable', /./],
  ])('%s', async (_what, url, reason, text) => {
    const [error, state] = await firstError(await url());
    expect(error).toBeInstanceOf(RealtimeError);
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', retry: 'backoff', reason });
    expect(error.message).toMatch(text);
    expect(state).toMatchObject({ kind: 'reconnecting', error: { code: 'CONNECT_FAILED', reason } });
  });
});

async function freePort(): Promise<number> {
  const server = createTcp();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('an address that cannot be right', () => {
  const plain = { protocol: 'http:' };
  const secure = { protocol: 'https:' };
  it.each([
    ['', undefined],
    ['localhost:3000', undefined],
    ['api.example.com', undefined],
    ['ftp://api.example.com', undefined],
    ['https://api.example.com/realtime', undefined],
    ['https://api.example.com/?tenant=1', undefined],
    ['https://api.example.com/#here', undefined],
    ['http://', undefined],
    ['/', undefined],
    ['//api.example.com', undefined],
    ['/api', plain],
    ['//api.example.com/api', plain],
    ['http://api.example.com', secure],
    ['ws://api.example.com', secure],
  ])('"%s" is refused', (url, page) => {
    const check = () => checkUrl({ url, path: '/socket.io' }, page);
    expect(check).toThrow(RealtimeError);
    expect(check).toThrow(/^createClient\(\): url is/);
  });

  it.each([
    ['http://localhost:3000', undefined],
    ['http://localhost:3000/', undefined],
    ['https://api.example.com', secure],
    ['ws://127.0.0.1:3000', undefined],
    ['wss://api.example.com', secure],
    ['/', secure],
    ['//api.example.com', secure],
    ['http://localhost:3000', secure],
    ['http://127.0.0.1:3000', secure],
  ])('"%s" is not', (url, page) => {
    expect(() => checkUrl({ url, path: '/socket.io' }, page)).not.toThrow();
  });

  it.each([
    [{ url: undefined }, 'url'],
    [{ url: 'localhost:3000' }, 'scheme'],
    [{ url: 'http://a.b', path: 'socket.io' }, 'path'],
    [{ url: 'http://a.b', token: 'text' }, 'token'],
    [{ url: 'http://a.b', maxQueuedCommands: 0 }, 'maxQueuedCommands'],
  ])('is said by createClient at once: %j', (options, said) => {
    const make = () => createClient({ token: () => 't', ...options } as never);
    expect(make).toThrow(said);
    expect(make).toThrow(
      expect.objectContaining({ ...wireError('OPTION_INVALID'), message: expect.any(String) }) as Error,
    );
  });
});

it('a token that is longer than a server takes is told, and no connection is cut over it', async () => {
  const errors: RealtimeError[] = [];
  const open = vi.fn<Transport['open']>();
  const client = createClient({ url: 'http://a.b', token: () => 'x'.repeat(16_385), transport: { open } });
  closers.push(() => client.close());
  client.onError((error) => errors.push(error));
  client.connect();
  await vi.waitFor(() => expect(errors).toHaveLength(1));
  expect(errors[0]?.message).toMatch(/more than 16384 characters/);
  expect(open).not.toHaveBeenCalled();
});
