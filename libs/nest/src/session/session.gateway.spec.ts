import { Logger } from '@nestjs/common';
import { wireError, type Answer, type ControlFrame } from '@millrace/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CodedError } from '../core/coded-error.js';
import type { Identity } from './authenticator.port.js';
import type { FrameRoute } from './frame-route.js';
import { handshakesRefused, sessionsAway, sessionsEnded, sessionsOpened } from './session.metrics.js';
import { Deferred } from './testing/deferred.js';
import { RawClient } from './testing/raw-client.js';
import {
  connected,
  disconnected,
  framesOf,
  refusalOf,
  SessionNode,
  type SessionNodeOptions,
} from './testing/session-node.js';

/** First byte of a websocket's close frame, which this client never answers. */
const CLOSE_FRAME = '\u0088';

const nodes: SessionNode[] = [];
const raws: RawClient[] = [];

async function start(options?: SessionNodeOptions): Promise<SessionNode> {
  const node = await SessionNode.start(options);
  nodes.push(node);
  return node;
}

async function raw(node: SessionNode): Promise<RawClient> {
  const client = await RawClient.open(node.port);
  raws.push(client);
  return client;
}

afterEach(async () => {
  for (const client of raws.splice(0)) client.end();
  for (const node of nodes.splice(0)) await node.stop();
  vi.restoreAllMocks();
});

const echo: FrameRoute = { name: 'echo', handle: (session, body) => Promise.resolve({ body, as: session.subject }) };

describe('a connection', () => {
  it('becomes a session with a welcome, and its frames are answered', async () => {
    const node = await start({ routes: [echo] });
    const client = node.connect();
    const control = framesOf<ControlFrame>(client, 'control');
    await connected(client);
    const answer: Answer = await client.emitWithAck('echo', { a: 1 });
    expect(answer).toEqual({ ok: true, body: { a: 1 }, as: 'ann' });
    expect(control).toEqual([
      { kind: 'welcome', session: client.id, subject: 'ann', limits: expect.anything() as unknown },
    ]);
    client.disconnect();
    await vi.waitFor(() => expect(node.recorder.valueOf(sessionsEnded, { reason: 'client' })).toBe(1));
  });

  it('counts how long a client says it was away, and believes no nonsense', async () => {
    const node = await start();
    await connected(node.connect({ token: 'ann', awayMs: 2_500 }));
    expect(node.recorder.valueOf(sessionsAway)).toBe(2.5);
    await connected(node.connect({ token: 'ann', awayMs: -1 }));
    expect(node.recorder.valueOf(sessionsAway)).toBe(2.5);
  });

  it('does not come by polling', async () => {
    const node = await start();
    const response = await fetch(`http://127.0.0.1:${node.port}/realtime/?EIO=4&transport=polling`);
    expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ code: 0 })]);
  });

  it('comes from allowed origins only', async () => {
    const node = await start({ session: { allowedOrigins: ['https://desk.example'] } });
    const from = (origin: string) => node.connect(undefined, { extraHeaders: { origin } });
    await connected(from('https://desk.example'));
    await connected(from(`http://127.0.0.1:${node.port}`));
    for (const origin of ['https://evil.example', 'null']) await refusalOf(from(origin));
    expect(node.recorder.valueOf(handshakesRefused, { reason: 'origin' })).toBe(2);
    expect(node.registry.all()).toHaveLength(2);
  });
});

describe('a handshake', () => {
  it.each([
    ['of another protocol version', { token: 'ann', protocol: 2 }, 'PROTOCOL_UNSUPPORTED', 'protocol'],
    ['without a token', {}, 'UNAUTHENTICATED', 'token'],
  ] as const)('%s is refused with a coded error', async (_, auth, code, reason) => {
    const node = await start();
    expect(await refusalOf(node.connect(auth))).toMatchObject({
      message: wireError(code).message,
      data: wireError(code),
    });
    expect(node.recorder.valueOf(handshakesRefused, { reason })).toBe(1);
    expect(node.registry.isEmpty).toBe(true);
  });

  it.each([
    ['UNAUTHENTICATED', 'token'],
    ['TOKEN_EXPIRED', 'token'],
    ['BUSY', 'failed'],
    ['FORBIDDEN', 'failed'],
  ] as const)('that the authenticator refuses with %s says so', async (code, reason) => {
    const node = await start({ authenticate: () => Promise.reject(new CodedError(code, { retryAfterMs: 7 })) });
    expect(await refusalOf(node.connect())).toMatchObject({ data: wireError(code, { retryAfterMs: 7 }) });
    expect(node.recorder.valueOf(handshakesRefused, { reason })).toBe(1);
  });

  it('that the authenticator fails on is tried again later, leaks nothing and is logged once', async () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const node = await start({ authenticate: () => Promise.reject(new Error('password=hunter2')) });
    const refusal = await refusalOf(node.connect());
    expect(refusal.data).toEqual({
      ...wireError('INTERNAL', { errorId: expect.any(String) as string }),
      retry: 'backoff',
      retryAfterMs: 1_000,
    });
    expect(JSON.stringify(refusal)).not.toContain('hunter2');
    expect(logged).toHaveBeenCalledTimes(1);
  });

  it('of a client that is gone before it is known opens no session', async () => {
    const identity = new Deferred<Identity>();
    const asked = new Deferred<void>();
    const node = await start({
      authenticate: () => {
        asked.resolve();
        return identity.promise;
      },
    });
    const client = await raw(node);
    client.send('40/realtime,{"protocol":1,"token":"ann"}');
    await asked.promise;
    client.end();
    await vi.waitFor(async () => expect(await node.connections()).toBe(0));
    identity.resolve({ principal: 1, subject: 'ann' });
    await connected(node.connect());
    expect([node.registry.all().length, node.recorder.valueOf(sessionsOpened)]).toEqual([1, 1]);
  });

  it('of a server that hangs is given up', async () => {
    const node = await start({ authenticate: () => new Promise(() => {}), session: { authenticateTimeoutMs: 30 } });
    expect(await refusalOf(node.connect())).toMatchObject({
      data: { code: 'BUSY', retry: 'backoff', retryAfterMs: 30 },
    });
  });

  it('is not repeated without end on one connection', async () => {
    let asked = 0;
    const node = await start({
      authenticate: () => {
        asked++;
        return Promise.reject(new CodedError('UNAUTHENTICATED'));
      },
    });
    const client = await raw(node);
    for (let guess = 0; guess < 40; guess++) client.send('40/realtime,{"protocol":1,"token":"guess"}');
    await client.until('RATE_LIMITED');
    await vi.waitFor(() => expect(node.recorder.valueOf(handshakesRefused, { reason: 'rate' })).toBeGreaterThan(0));
    expect(asked).toBeLessThanOrEqual(3);
    await vi.waitFor(() => expect(client.received).toContain(CLOSE_FRAME));
  });
});

describe('a stranger', () => {
  it.each([
    ['joins no namespace', undefined],
    ['asks for one that does not exist', '40/nowhere,'],
    ['is refused', '40/realtime,{"protocol":1}'],
    ['is refused in the root namespace', '40'],
  ])('that %s is cut after a while', async (_, packet) => {
    const node = await start({ session: { authenticateTimeoutMs: 30 } });
    const client = await raw(node);
    if (packet !== undefined) client.send(packet);
    await vi.waitFor(() => expect(client.isClosed || client.received.includes(CLOSE_FRAME)).toBe(true));
  });

  it('does not get to stay in the root namespace, where nobody listens', async () => {
    const node = await start();
    expect(await refusalOf(node.connect({}, {}, '/'))).toMatchObject({ message: 'Invalid namespace' });
  });
});

describe('a frame', () => {
  it('that is too large ends its connection, and no other', async () => {
    const node = await start({ routes: [echo], session: { maxFrameBytes: 10_000 } });
    const [large, small] = [node.connect(), node.connect({ token: 'bob' })];
    await Promise.all([connected(large), connected(small)]);
    const ended = disconnected(large);
    large.emit('echo', 'x'.repeat(10_001), () => {});
    expect(await ended).toMatch(/^transport/);
    expect(await small.emitWithAck('echo', 'x'.repeat(9_000))).toMatchObject({ ok: true, as: 'bob' });
    expect(node.registry.all().map(({ subject }) => subject)).toEqual(['bob']);
  });

  it('of thousands of nested arrays is refused, and the session lives on', async () => {
    const node = await start({ routes: [echo] });
    const client = await raw(node);
    client.send('40/realtime,{"protocol":1,"token":"ann"}');
    await client.until('"welcome"');
    client.send(`42/realtime,7["echo",${'['.repeat(30_000)}${']'.repeat(30_000)}]`);
    await client.until('43/realtime,7');
    expect(client.received).toContain('FRAME_TOO_COMPLEX');
    client.send('42/realtime,8["echo",1]');
    await client.until('43/realtime,8[{"body":1');
  });

  it.each(['error', 'newListener', 'disconnect', 'connect', 'constructor', '__proto__'])(
    'with the name "%s" does not end the process, nor anybody else’s session',
    async (name) => {
      const node = await start({ routes: [echo] });
      const other = node.connect({ token: 'bob' });
      await connected(other);
      const client = await raw(node);
      client.send('40/realtime,{"protocol":1,"token":"ann"}');
      await client.until('"welcome"');
      client.send(`42/realtime,7["${name}",{}]`);
      await vi.waitFor(() => {
        const isRefused = client.received.includes('FRAME_INVALID');
        expect(isRefused || node.registry.all().length === 1).toBe(true);
      });
      expect(await other.emitWithAck('echo', 1)).toMatchObject({ ok: true });
    },
  );

  it('whose answer cannot be encoded is answered all the same', async () => {
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    let deep: unknown = [];
    for (let depth = 0; depth < 20_000; depth++) deep = [deep];
    const answers: Record<string, object> = { big: { big: 1n }, circular, deep: { deep } };
    const routes = Object.entries(answers).map(([name, answer]): FrameRoute => ({
      name,
      handle: () => Promise.resolve(answer),
    }));
    const node = await start({ routes });
    const client = node.connect();
    await connected(client);
    for (const name of Object.keys(answers)) {
      expect(await client.emitWithAck(name, {})).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
    }
  });

  it('answered after its session has ended harms nobody', async () => {
    const result = new Deferred<object>();
    const node = await start({ routes: [{ name: 'slow', handle: () => result.promise }] });
    const client = node.connect();
    await connected(client);
    client.emit('slow', {}, () => {});
    await vi.waitFor(() => expect(node.registry.isBusy).toBe(true));
    client.disconnect();
    await vi.waitFor(() => expect(node.registry.isEmpty).toBe(true));
    result.resolve({ late: 1n });
    await vi.waitFor(() => expect(node.registry.isBusy).toBe(false));
    await connected(node.connect());
  });

  it('authenticate renews the token of a session', async () => {
    const node = await start();
    const client = node.connect();
    await connected(client);
    expect(await client.emitWithAck('authenticate', { token: 'ann' })).toEqual({ ok: true });
    expect(await client.emitWithAck('authenticate', { token: 'bob' })).toMatchObject({
      error: { code: 'PRINCIPAL_CHANGED' },
    });
  });

  it('authenticate five hundred times runs into the rate, not into the authenticator', async () => {
    let asked = 0;
    const node = await start({
      session: { frameBurst: 20, framesPerSecond: 1 },
      authenticate: (token) => Promise.resolve({ principal: ++asked, subject: token }),
    });
    const client = node.connect();
    await connected(client);
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => client.emitWithAck('authenticate', { token: 'ann' }) as Promise<Answer>),
    );
    const codes = new Set(answers.map((answer) => (answer.ok ? 'ok' : answer.error.code)));
    expect([...codes].toSorted()).toContain('RATE_LIMITED');
    expect(asked).toBeLessThanOrEqual(25);
  });
});

describe('a drain', () => {
  it('refuses newcomers, tells the others, answers what is in flight, then closes', async () => {
    const result = new Deferred<object>();
    const node = await start({
      routes: [echo, { name: 'slow', handle: () => result.promise }],
      session: { drainSpreadMs: 60, drainTimeoutMs: 5_000 },
    });
    const client = node.connect();
    const control = framesOf<ControlFrame>(client, 'control');
    await connected(client);
    const answer = client.emitWithAck('slow', {});
    await vi.waitFor(() => expect(node.registry.isBusy).toBe(true));
    const ended = disconnected(client);
    const drained = node.drain.drain();
    await vi.waitFor(() => expect(control.at(-1)).toMatchObject({ kind: 'draining' }));
    expect(await refusalOf(node.connect())).toMatchObject({
      data: { code: 'DRAINING', retry: 'reconnect', retryAfterMs: expect.any(Number) as number },
    });
    expect(await client.emitWithAck('echo', 1)).toMatchObject({ error: { code: 'DRAINING' } });
    result.resolve({ done: true });
    expect(await answer).toEqual({ ok: true, done: true });
    await drained;
    expect(await ended).toMatch(/server/);
    expect(control.at(-1)).toMatchObject({ kind: 'closing', error: { code: 'DRAINING' } });
  });

  it('reaches who was let in before it began and opened after', async () => {
    const identity = new Deferred<Identity>();
    const asked = new Deferred<void>();
    const node = await start({
      authenticate: () => {
        asked.resolve();
        return identity.promise;
      },
      session: { drainSpreadMs: 10_000 },
    });
    const client = node.connect();
    const control = framesOf<ControlFrame>(client, 'control');
    await asked.promise;
    // Nobody is there yet, so this drain has nobody to tell or to wait for.
    await node.drain.drain();
    identity.resolve({ principal: 1, subject: 'ann' });
    await vi.waitFor(() => expect(control.map(({ kind }) => kind)).toEqual(['welcome', 'draining']));
  });
});
