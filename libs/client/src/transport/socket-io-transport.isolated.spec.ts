import { wireError } from '@millrace/protocol';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connectFailed } from './connect-fault.js';
import { socketIoTransport } from './socket-io-transport.js';

/** What the transport uses of a Socket.IO socket. */
class StubSocket {
  id: string | undefined;
  state: 'open' | 'disconnected' = 'open';
  readonly sendBuffer: unknown[] = [];
  readonly io = { engine: { on: () => {} } };
  readonly sent: unknown[][] = [];
  readonly #handlers = new Map<string, (...args: unknown[]) => void>();

  on(name: string, handler: (...args: unknown[]) => void): this {
    this.#handlers.set(name, handler);
    return this;
  }

  off(): void {
    this.#handlers.clear();
  }

  emit(...args: unknown[]): this {
    this.sent.push(args);
    return this;
  }

  disconnect(): void {
    this.state = 'disconnected';
    this.receive('disconnect', 'io client disconnect');
  }

  receive(name: string, ...args: unknown[]): void {
    this.#handlers.get(name)?.(...args);
  }
}

const opened = vi.hoisted(() => [] as unknown[][]);
const sockets: StubSocket[] = [];
vi.mock('socket.io-client', () => ({
  io: (...args: unknown[]) => {
    opened.push(args);
    const socket = new StubSocket();
    sockets.push(socket);
    return socket;
  },
}));

const handshake = { protocol: 1, token: 't', client: { name: 'n', version: 'v' } };

function open(url = 'http://host:3000/') {
  const heard: unknown[] = [];
  const link = socketIoTransport.open(
    { url, path: '/realtime', handshake },
    {
      opened: (session) => heard.push(['opened', session]),
      frame: ({ name, body }) => heard.push([name, body]),
      closed: (reason, refusal) => heard.push(['closed', reason, refusal]),
    },
  );
  return { link, heard, socket: sockets.at(-1)! };
}

describe('the Socket.IO transport', () => {
  beforeEach(() => {
    opened.length = 0;
  });

  it.each([
    ['http://host:3000/', 'http://host:3000/realtime'],
    ['https://host', 'https://host/realtime'],
    ['/', '/realtime'],
  ])('opens %s as %s: websocket only, one connection a link, no reconnecting of its own', (url, address) => {
    open(url);
    expect(opened).toEqual([
      [address, { path: '/realtime', auth: handshake, transports: ['websocket'], reconnection: false, forceNew: true }],
    ]);
  });

  it('passes frames on, and answers to who asked', () => {
    const { link, heard, socket } = open();
    socket.id = 'abc';
    socket.receive('connect');
    socket.receive('events', { channel: 'c' });
    socket.receive('live', { channel: 'd' });
    socket.receive('control', { kind: 'draining' });
    const onAnswer = () => {};
    link.send('command', { id: '1' }, onAnswer);
    expect(heard).toEqual([
      ['opened', 'abc'],
      ['events', { channel: 'c' }],
      ['live', { channel: 'd' }],
      ['control', { kind: 'draining' }],
    ]);
    expect(socket.sent).toEqual([['command', { id: '1' }, onAnswer]]);
  });

  it.each([
    ['with its reason', wireError('TOKEN_EXPIRED'), wireError('TOKEN_EXPIRED')],
    ['that has none', undefined, connectFailed('middleware', 'refused')],
    ['of somebody else’s middleware', { why: 'no' }, connectFailed('middleware', 'refused')],
    ['of text', 'no', connectFailed('middleware', 'refused')],
  ])('tells of a refusal %s, once', (_what, content, refusal) => {
    const { heard, socket } = open();
    socket.receive('connect_error', Object.assign(new Error('refused'), { data: content }));
    socket.receive('disconnect', 'late');
    expect(heard).toEqual([['closed', 'refused', refusal]]);
    expect(socket.state).toBe('disconnected');
  });

  it('tells of a broken connection, once', () => {
    const { heard, socket } = open();
    socket.receive('connect');
    socket.receive('disconnect', 'ping timeout');
    socket.receive('disconnect', 'again');
    expect(heard.slice(1)).toEqual([['closed', 'ping timeout', undefined]]);
  });

  it('says why, when it closes before it was open', () => {
    const { heard, socket } = open();
    socket.receive('disconnect', 'transport close');
    expect(heard).toEqual([['closed', 'transport close', connectFailed('closed', 'transport close')]]);
  });

  it('says that it did not send what Socket.IO only keeps, and keeps it no longer', () => {
    const { link, socket } = open();
    socket.receive('connect');
    expect(link.send('command', {}, () => {})).toBe(true);
    socket.sendBuffer.push('kept');
    expect(link.send('command', {}, () => {})).toBe(false);
    expect(socket.sendBuffer).toEqual([]);
  });

  it('says nothing after close()', () => {
    const { link, heard, socket } = open();
    link.close();
    socket.receive('events', {});
    expect([heard, socket.state]).toEqual([[], 'disconnected']);
  });
});
