import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { Agent, type Server as HttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../core/testing/fake-clock.js';
import { handshakesRefused, sessionsOpen } from '../session/session.metrics.js';
import { connected, disconnected, refusalOf, SessionNode } from '../session/testing/session-node.js';
import { MemoryRecorder } from '../stream/testing/memory-recorder.js';
import { knownNetworkOf } from './client-address.js';
import { ConnectLimits } from './connect-limits.js';
import { limitsRefused, type LimitKind } from './limits.metrics.js';
import { defaultLimitOptions, type LimitOptions } from './limits.options.js';
import { PrincipalLimits } from './principal-limits.js';
import { SubjectRates } from './subject-rates.js';
import { TokenBuckets } from './token-buckets.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  vi.restoreAllMocks();
});

async function start(limits: Partial<LimitOptions>): Promise<SessionNode> {
  const node = await SessionNode.start({ limits });
  closers.push(() => node.stop());
  return node;
}

const refused = (node: SessionNode, limit: LimitKind): number => node.recorder.valueOf(limitsRefused, { limit });

function scene(options: Partial<LimitOptions> = {}) {
  const clock = new FakeClock();
  const recorder = new MemoryRecorder();
  const limits = new PrincipalLimits({ ...defaultLimitOptions, ...options });
  return { clock, recorder, rates: new SubjectRates(limits, clock, recorder) };
}

function connectLimits(changed: Partial<LimitOptions>): ConnectLimits {
  const options = { ...defaultLimitOptions, ...changed };
  const parts = { clock: new FakeClock(), recorder: new MemoryRecorder(), limits: new PrincipalLimits(options) };
  return new ConnectLimits({ ...parts, options });
}

const peer = { address: '198.51.100.1', headers: {} };
const ann = { payer: 'subject ann', principal: { plan: 'free' } };
const bob = { payer: 'subject bob', principal: { plan: 'paid' } };

describe('what one subject asks of a node', () => {
  it('is counted over all sessions, and costs no other subject anything', () => {
    const { rates, recorder } = scene({ commandsPerSecond: 2 });
    for (let n = 0; n < 20; n++) rates.take('commands', { ...ann });
    expect(() => rates.take('commands', ann)).toThrow(
      expect.objectContaining({
        code: 'RATE_LIMITED',
        detail: { reason: 'commands', retryAfterMs: 500, outcome: 'not-applied' },
      }),
    );
    expect(() => rates.take('commands', bob)).not.toThrow();
    expect(() => rates.take('history', ann)).not.toThrow();
    expect(recorder.valueOf(limitsRefused, { limit: 'commands' })).toBe(1);
  });

  it('may be asked again when it says so', async () => {
    const { rates, clock } = scene({ newChannelsPerMinute: 60 });
    for (let n = 0; n < 60; n++) rates.take('channels', ann);
    expect(() => rates.take('channels', ann)).toThrow(/More was asked/);
    await clock.advance(1_000);
    rates.take('channels', ann);
    expect(() => rates.take('channels', ann)).toThrow(/More was asked/);
  });

  it('counts many at once, and owes what is more than was left', async () => {
    const { rates, clock } = scene({ subscribesPerSecond: 10 });
    rates.take('subscribes', ann, 100);
    rates.take('subscribes', ann, 150);
    await clock.advance(5_000);
    expect(() => rates.take('subscribes', ann, 100)).toThrow(/More was asked/);
    await clock.advance(200);
    rates.take('subscribes', ann, 100);
  });

  it('differs by principal where the application says so', () => {
    const { rates } = scene({
      commandsPerSecond: 1,
      forPrincipal: (principal) =>
        (principal as { plan: string }).plan === 'paid' ? { commandsPerSecond: 3 } : undefined,
    });
    for (let n = 0; n < 10; n++) rates.take('commands', ann);
    expect(() => rates.take('commands', ann)).toThrow(/More was asked/);
    for (let n = 0; n < 30; n++) rates.take('commands', bob);
    expect(() => rates.take('commands', bob)).toThrow(/More was asked/);
  });

  it.each([
    () => {
      throw new Error('no plan');
    },
    () => ({ commandsPerSecond: 0 }),
    () => ({ maxSession: 5 }) as never,
  ])('stays as it is when the application’s function fails, and the log says so once', (forPrincipal) => {
    const said: unknown[] = [];
    vi.spyOn(Logger.prototype, 'error').mockImplementation((entry: unknown) => void said.push(entry));
    const { rates } = scene({ commandsPerSecond: 1, forPrincipal });
    for (let n = 0; n < 10; n++) rates.take('commands', { ...ann, principal: {} });
    expect(() => rates.take('commands', ann)).toThrow(/More was asked/);
    expect(said).toHaveLength(1);
  });
});

it('a node keeps no more buckets than it may, and forgets those first that were not used', () => {
  const buckets = new TokenBuckets(100);
  const rate = { perSecond: 1, burst: 1 };
  for (let n = 0; n < 1_000; n++) {
    buckets.take(`key ${n}`, rate, 0);
    buckets.take('busy', rate, 0);
  }
  expect(buckets.size).toBe(100);
  expect(buckets.take('busy', rate, 0)).toBe(1_000);
});

describe('the sessions of one subject', () => {
  it('are so many at most, those included that come at the same time', async () => {
    const node = await start({ maxSessionsPerSubject: 3 });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = node.connect();
        return connected(client).then(
          () => 'in',
          (error: unknown) => (error as { data?: unknown }).data,
        );
      }),
    );
    expect(outcomes.filter((outcome) => outcome === 'in')).toHaveLength(3);
    expect(outcomes.filter((outcome) => outcome !== 'in')).toEqual(
      Array.from({ length: 17 }, () =>
        expect.objectContaining({ code: 'RATE_LIMITED', retry: 'backoff', reason: 'sessions', retryAfterMs: 5_000 }),
      ),
    );
    expect([node.registry.size, refused(node, 'sessions')]).toEqual([3, 17]);
    await connected(node.connect({ token: 'bob' }));
  });

  it('make room when they end', async () => {
    const node = await start({ maxSessionsPerSubject: 1 });
    for (let n = 0; n < 5; n++) {
      const client = node.connect();
      await connected(client);
      expect(await refusalOf(node.connect())).toMatchObject({ data: { reason: 'sessions' } });
      client.disconnect();
      await vi.waitFor(() => expect(node.recorder.valueOf(sessionsOpen)).toBe(0));
    }
  });

  it('of a full node are refused as busy', async () => {
    const node = await start({ maxSessions: 1 });
    await connected(node.connect());
    expect(await refusalOf(node.connect({ token: 'bob' }))).toMatchObject({ data: { code: 'BUSY', retry: 'backoff' } });
  });
});

describe('connects', () => {
  it('of one subject are counted over reconnects, and the client may come back', async () => {
    const node = await start({ connectsPerMinute: 3 });
    for (let n = 0; n < 3; n++) {
      const client = node.connect();
      await connected(client);
      const ended = disconnected(client);
      client.disconnect();
      await ended;
    }
    const { data } = await refusalOf(node.connect());
    expect(data).toMatchObject({ code: 'RATE_LIMITED', retry: 'backoff', reason: 'connects' });
    expect(data?.retryAfterMs).toBeGreaterThan(50_000);
    expect(refused(node, 'connects')).toBe(1);
    await connected(node.connect({ token: 'bob' }));
  });

  it('of one address are refused before their tokens are read', async () => {
    const node = await start({ connectsPerMinutePerAddress: 2, trustedHops: 0 });
    await connected(node.connect());
    await connected(node.connect());
    expect(await refusalOf(node.connect({ token: 'bob' }))).toMatchObject({ data: { reason: 'connects' } });
    expect(node.recorder.valueOf(handshakesRefused, { reason: 'token' })).toBe(0);
  });

  it('of one address without a session are refused as HTTP 429', async () => {
    const node = await start({ connectsPerMinutePerAddress: 1, trustedHops: 0 });
    for (let n = 0; n < 2; n++) await refusalOf(node.connect({}, {}, '/nowhere'));
    const error = await refusalOf(node.connect());
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).toContain('TransportError');
    expect(refused(node, 'connections')).toBe(1);
  });

  it('of one address are refused before they cost others their turn', async () => {
    const connects = connectLimits({ connectsPerMinutePerAddress: 1, connectsPerSecond: 10, trustedHops: 0 });
    await connects.ask(peer);
    for (let n = 0; n < 100; n++) await expect(connects.ask(peer)).rejects.toThrow(/More was asked/);
    await connects.ask({ ...peer, address: '198.51.100.2' });
  });

  it('come in over a Unix socket too', async () => {
    const node = await start({});
    const path = join(tmpdir(), `millrace-${randomUUID()}.sock`);
    const proxy = createServer(
      (socket) => void (node.app.getHttpServer() as HttpServer).emit('connection', socket),
    ).listen(path);
    closers.push(() => proxy.close());
    await once(proxy, 'listening');
    const options = { keepAlive: false, socketPath: path };
    await connected(node.connect({ token: 'ann' }, { agent: new Agent(options) as never }));
  });

  it('again and again on one connection leave nothing on it', async () => {
    const connects = connectLimits({});
    const connection = Object.assign(new EventEmitter(), { readyState: 'open' });
    for (let n = 0; n < 20; n++) {
      await connects.enter({ ...ann, isAnonymous: false }, peer, connection);
      connects.left(connection);
    }
    expect(connection.listenerCount('close')).toBe(0);
  });

  it('from behind a proxy that says nothing are not counted by its address', async () => {
    const node = await start({ connectsPerMinutePerAddress: 1 });
    for (let n = 0; n < 4; n++) await connected(node.connect({ token: `user ${n}` }));
  });
});

it.each([
  ['10.0.0.2', '198.51.100.1', 'auto', '198.51.100.1'],
  ['10.0.0.2', undefined, 'auto', undefined],
  ['203.0.113.9', '198.51.100.1', 'auto', '203.0.113.9'],
  ['10.0.0.2', '198.51.100.1', 0, '10.0.0.2'],
  ['203.0.113.9', '6.6.6.6, 198.51.100.1', 1, '198.51.100.1'],
  ['203.0.113.9', '6.6.6.6, 198.51.100.1, 10.0.0.1', 2, '198.51.100.1'],
  ['203.0.113.9', '198.51.100.1', 2, '203.0.113.9'],
  ['203.0.113.9', 'nonsense', 1, '203.0.113.9'],
  ['::1', '2001:db8:1:2::7', 1, '2001:db8:1:2'],
  ['203.0.113.9', '198.51.100.1:49152', 1, '198.51.100.1'],
  ['203.0.113.9', '[2001:db8:1:2::7]:49152', 1, '2001:db8:1:2'],
  ['203.0.113.9', '[2001:db8:1:2::7]', 1, '2001:db8:1:2'],
  ['203.0.113.9', '"[2001:db8:1:2::7]:49152"', 1, '203.0.113.9'],
  ['203.0.113.9', '198.51.100.1:49152:1', 1, '203.0.113.9'],
  ['100.64.0.2', '198.51.100.1', 'auto', '198.51.100.1'],
  ['100.127.255.254', undefined, 'auto', undefined],
  ['100.128.0.1', '198.51.100.1', 'auto', '100.128.0.1'],
  ['100.63.0.1', '198.51.100.1', 'auto', '100.63.0.1'],
  // A proxy that connects to a Unix socket has no address.
  [undefined, '198.51.100.1', 'auto', '198.51.100.1'],
  [undefined, '198.51.100.1', 1, '198.51.100.1'],
  [undefined, undefined, 'auto', undefined],
  [undefined, 'nonsense', 1, undefined],
  [undefined, undefined, 0, undefined],
] as const)('the client behind %s, said to be %s, over %s trusted proxies is %s', (address, told, hops, network) => {
  const headers = told === undefined ? {} : { 'x-forwarded-for': told };
  expect(knownNetworkOf({ address, headers }, hops)).toBe(network);
});
