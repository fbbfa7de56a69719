import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HttpDoor } from './http-door.js';

const open: (Server | Socket)[] = [];
afterEach(() => {
  for (const one of open.splice(0)) {
    if ('destroy' in one) one.destroy();
    else one.close();
  }
});

const preShared = { psk: Buffer.from('0123456789abcdef'), identity: 'test' };
const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

/** An application that answers with what it was asked, with or without a door before it. */
async function serve(hasDoor: boolean, isTls = false) {
  const taken: string[] = [];
  const errors: unknown[] = [];
  const app = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      response.sendDate = false;
      response.end(JSON.stringify({ method, url, upgrade: headers.upgrade, body: Buffer.concat(chunks).toString() }));
    });
  };
  const http = isTls ? createTlsServer({ ...tls, pskCallback: () => preShared.psk }, app) : createServer(app);
  open.push(http);
  if (hasDoor) {
    new HttpDoor(http, {
      takesUpgrade: (request, socket) => {
        if (request.url !== '/own') return false;
        taken.push('upgrade');
        socket.end('mine');
        return true;
      },
      takesRequest: (request, response) => {
        if (request.url !== '/own') return false;
        taken.push('request');
        response.end('mine');
        return true;
      },
      seesError: (error) => errors.push(error),
    }).open();
  }
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return { http, port, taken, errors, isTls };
}

interface Line {
  text: string;
  readonly socket: Socket;
  isClosed: boolean;
}

function dial({ port, isTls }: { readonly port: number; readonly isTls: boolean }): Line {
  const socket = isTls
    ? connectTls({
        port,
        host: '127.0.0.1',
        ...tls,
        pskCallback: () => preShared,
        checkServerIdentity: () => undefined,
      })
    : connect(port, '127.0.0.1');
  open.push(socket);
  const line: Line = { text: '', socket, isClosed: false };
  socket.on('data', (chunk: Buffer) => (line.text += chunk.toString()));
  socket.on('close', () => (line.isClosed = true));
  socket.on('error', () => {});
  return line;
}

const ask = (path: string, upgrade: string, method = 'GET', more = ''): string =>
  `${method} ${path} HTTP/1.1\r\nHost: here\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${upgrade}\r\n` +
  `HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n${more}\r\n`;

const countOf = (part: string, text: string): number => text.split(part).length - 1;

describe('a door before an HTTP server', () => {
  it.each([false, true])(
    'takes what is its own, although all others end what is not theirs; TLS: %s',
    async (isTls) => {
      const server = await serve(true, isTls);
      server.http.prependListener('upgrade', (_request, socket) => socket.destroy());
      const line = dial(server);
      line.socket.write(ask('/own', 'websocket'));
      await vi.waitFor(() => expect(line.text).toBe('mine'));
      expect(server.taken).toEqual(['upgrade']);
    },
  );

  it('leaves every other upgrade to the listener of the application, whenever that came', async () => {
    const server = await serve(true);
    const line = dial(server);
    server.http.on('upgrade', (request, socket) => socket.end(`theirs: ${request.url}`));
    line.socket.write(ask('/other', 'websocket'));
    await vi.waitFor(() => expect(line.text).toBe('theirs: /other'));
  });

  it('and does not end one that the application answers late', async () => {
    const server = await serve(true);
    server.http.on('upgrade', (_request, socket) => setTimeout(() => socket.end('late'), 1_500));
    const line = dial(server);
    line.socket.write(ask('/other', 'websocket'));
    await vi.waitFor(() => expect(line.text).toBe('late'), { timeout: 3_000 });
  });

  it('takes requests, and leaves others', async () => {
    const { port, taken } = await serve(true);
    const read = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect([await read('/own'), await read('/own/below')]).toEqual(['mine', expect.stringContaining('/own/below')]);
    expect(taken).toEqual(['request']);
  });

  it('sees errors, and leaves it to the application whether they are handled', async () => {
    const { http, errors } = await serve(true);
    const error = new Error('of the server');
    expect(() => http.emit('error', error)).toThrow(error);
    http.once('error', () => {});
    expect(() => http.emit('error', error)).not.toThrow();
    expect(errors).toEqual([error, error]);
  });

  // As Java's HTTP client and `curl --http2` ask.
  describe.each([
    ['a GET', [ask('/x', 'h2c')]],
    ['a websocket that nobody serves', [ask('/x', 'websocket')]],
    ['a POST with a length', [`${ask('/x', 'h2c', 'POST', 'Content-Length: 5\r\n')}hello`]],
    ['a POST whose body comes later', [ask('/x', 'h2c', 'POST', 'Content-Length: 10\r\n'), 'hello', 'world']],
    ['a POST in chunks', [ask('/x', 'h2c', 'POST', 'Transfer-Encoding: chunked\r\n'), '5\r\nhello\r\n', '0\r\n\r\n']],
    ['two on one connection', [ask('/x', 'h2c'), ask('/y', 'h2c')]],
    [
      'the last one of a connection',
      ['GET /x HTTP/1.1\r\nHost: here\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n'],
    ],
  ])('%s, with an upgrade that the application knows nothing of', (_what, writes) => {
    it.each([false, true])('is answered as without the door; TLS: %s', async (isTls) => {
      const answers = await Promise.all(
        [false, true].map(async (hasDoor) => {
          const line = dial(await serve(hasDoor, isTls));
          for (const text of writes) {
            line.socket.write(text);
            await new Promise((resolve) => setTimeout(resolve, 30));
          }
          await vi.waitFor(() =>
            expect(countOf('HTTP/1.1 200', line.text)).toBe(countOf(' HTTP/1.1', writes.join(''))),
          );
          return { text: line.text, isClosed: line.isClosed };
        }),
      );
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[0]!.text).toMatch(/^HTTP\/1\.1 200 OK/);
    });
  });
});
