import { createServer, type Server as HttpServer } from 'node:http';
import { connect } from 'node:net';
import { Logger } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handshakesRefused } from '../session/session.metrics.js';
import { RawClient } from '../session/testing/raw-client.js';
import { connected, SessionNode, type SessionNodeOptions } from '../session/testing/session-node.js';
import { WebsocketClient } from './testing/websocket-client.js';

const closers: (() => unknown)[] = [];
const warnings: string[] = [];
beforeEach(() => {
  warnings.length = 0;
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void warnings.push(line));
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  vi.restoreAllMocks();
});

async function start(options?: SessionNodeOptions): Promise<SessionNode> {
  const node = await SessionNode.start(options);
  closers.push(() => node.stop());
  return node;
}

async function dial(node: SessionNode, path: string, ...headers: string[]): Promise<WebsocketClient> {
  const client = await WebsocketClient.open(node.port, path, headers);
  closers.push(() => client.end());
  return client;
}

const HANDSHAKE = '/realtime/?EIO=4&transport=websocket';
const httpOf = (node: SessionNode): HttpServer => node.app.getHttpServer() as HttpServer;

describe('a handshake at Millrace’s path', () => {
  it.each([HANDSHAKE, HANDSHAKE.replace('/?', '?')])('is let in at %s', async (path) => {
    const client = await dial(await start(), path);
    expect([client.status, String(await client.next()).slice(0, 1)]).toEqual([101, '0']);
  });

  it.each([
    ['from a foreign origin', HANDSHAKE, ['Origin: https://page.example'], 403, '"code":4'],
    ['of an older Engine.IO', HANDSHAKE.replace('EIO=4', 'EIO=3'), [], 400, '"code":5'],
    ['that names a session', `${HANDSHAKE}&sid=abc`, [], 400, '"code":1'],
    ['of another transport', HANDSHAKE.replace('websocket', 'polling'), [], 400, '"code":0'],
  ] as const)('%s is refused in words of HTTP', async (_what, path, headers, status, body) => {
    const node = await start();
    const socket = connect(node.port, '127.0.0.1');
    closers.push(() => socket.destroy());
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    const lines = [
      `GET ${path} HTTP/1.1`,
      'Host: app.example',
      'Connection: Upgrade',
      'Upgrade: websocket',
      ...headers,
    ];
    socket.write(
      `${[...lines, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='].join('\r\n')}\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`));
    expect(answer).toContain(body);
  });

  it('from a foreign origin is counted, and logged once, with the origin and the option', async () => {
    const node = await start();
    for (let tries = 0; tries < 3; tries++) {
      expect((await dial(node, HANDSHAKE, 'Origin: https://page.example')).status).toBe(403);
    }
    expect(node.recorder.valueOf(handshakesRefused, { reason: 'origin' })).toBe(3);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/"https:\/\/page\.example".*`session\.allowedOrigins`/);
  });

  it('by polling is refused, and told what to do', async () => {
    const node = await start();
    for (const query of ['EIO=4&transport=polling', 'EIO=4&transport=polling&sid=abc', 'EIO=4']) {
      const response = await fetch(`http://127.0.0.1:${node.port}/realtime/?${query}`);
      expect([response.status, await response.text()]).toEqual([
        400,
        expect.stringContaining('transports: [\\"websocket\\"]'),
      ]);
    }
  });

  it('is let in beside listeners that end all that is not theirs, as those of `ws` and of Nest’s WsAdapter do', async () => {
    const node = await start();
    httpOf(node).prependListener('upgrade', (_request, socket) => socket.destroy());
    httpOf(node).on('upgrade', (_request, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await connected(node.connect());
    expect((await dial(node, '/elsewhere')).status).toBe(0);
  });

  it('is let in when the application puts the HTTP server behind a listener of its own', async () => {
    const node = await start();
    const front = createServer();
    front.on('upgrade', (request, socket, head) => httpOf(node).emit('upgrade', request, socket, head));
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    closers.push(() => front.close());
    const { port } = front.address() as { port: number };
    const client = await WebsocketClient.open(port, HANDSHAKE);
    closers.push(() => client.end());
    expect(client.status).toBe(101);
  });
});

describe('the end of an application', () => {
  /** A gateway of the application, to whose clients nobody says goodbye. */
  @WebSocketGateway()
  class Chat {
    @SubscribeMessage('say')
    say(): string {
      return 'heard';
    }
  }

  const chatter = async (node: SessionNode, transport: string): Promise<void> => {
    const client = io(`http://127.0.0.1:${node.port}`, {
      transports: [transport],
      reconnection: false,
      forceNew: true,
    });
    closers.push(() => client.disconnect());
    await connected(client);
  };
  const closingMs = async (node: SessionNode): Promise<number> => {
    const since = performance.now();
    await node.app.close();
    return performance.now() - since;
  };

  it('with forceCloseConnections waits for nobody', async () => {
    const node = await start({ providers: [Chat], application: { forceCloseConnections: true } });
    await Promise.all([chatter(node, 'websocket'), chatter(node, 'polling')]);
    const idle = connect(node.port, '127.0.0.1', () => idle.write('GET / HTTP/1.1\r\n'));
    idle.on('error', () => {});
    closers.push(() => idle.destroy());
    await vi.waitFor(async () => expect(await node.connections()).toBeGreaterThanOrEqual(3));
    expect(await closingMs(node)).toBeLessThan(500);
  });

  it('ends its own clients, those of its gateways and strangers in no namespace', async () => {
    const node = await start({ providers: [Chat], session: { drainSpreadMs: 0 } });
    await Promise.all([chatter(node, 'websocket'), connected(node.connect())]);
    const stranger = await RawClient.open(node.port);
    closers.push(() => stranger.end());
    expect(await closingMs(node)).toBeLessThan(3_000);
  });

  it('does not wait for a client that never answers', async () => {
    const node = await start({ session: { drainSpreadMs: 0 } });
    const silent = await RawClient.open(node.port);
    closers.push(() => silent.end());
    silent.pause();
    expect(await closingMs(node)).toBeLessThan(3_000);
  });

  it('refuses who comes when it has closed its own and listens still', async () => {
    const node = await start();
    const http = httpOf(node);
    const close = http.close.bind(http);
    const seen: number[] = [];
    http.close = (...args: Parameters<HttpServer['close']>) => {
      http.close = close;
      void WebsocketClient.open(node.port, HANDSHAKE).then((client) => {
        seen.push(client.status);
        close(...args);
      });
      return http;
    };
    await node.app.close();
    expect(seen).toEqual([503]);
  });
});
