import { runInNewContext } from 'node:vm';
import { wireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import {
  createClient,
  RealtimeError,
  defineChannel,
  event,
  type ClientOptions,
  type PositionStorage,
} from './index.js';
import { resolveOptions } from './client.options.js';
import { FakeLog, FakeServer } from './testing/index.js';

/** Servers, transports and storages are somebody else's code: what they get wrong costs no event and no process. */

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<number>() } });
const viewers = defineChannel('viewers.:airport', { delivery: 'live', events: { 'viewer.came': event<string>() } });
const sfo = { airport: 'SFO' };

function scene(options: Partial<ClientOptions> = {}) {
  const server = new FakeServer();
  const log = new FakeLog('desk.SFO');
  const client = createClient({ ...server.options, ...options });
  const answered = async () => {
    await server.settle();
    server.answerSubscribe((item) => log.answer(item));
  };
  return { server, log, client, answered };
}

describe('a server', () => {
  it.each([
    ['null', null],
    ['text', 'yes'],
    ['no events', { outcome: 'recovered', position: 'e.1.a.1' }],
    ['events of null', { outcome: 'recovered', position: 'e.1.a.1', events: [null] }],
    ['no position', { outcome: 'recovered', events: [] }],
    ['a refusal without error', { outcome: 'refused' }],
  ])('that answers a subscribe with %s is asked again', async (_what, item) => {
    const { server, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    await server.settle();
    const request = server.expectSubscribe();
    const [asked] = request.body.items;
    const items = [typeof item === 'object' && item ? { sid: asked?.sid, ...item } : item];
    expect(() => request.answer({ items })).not.toThrow();
    await server.clock.advance(1_000);
    await answered();
    expect(sub.state).toBe('subscribed');
  });

  it('that sends a malformed frame does not silence the ones after it', async () => {
    const { server, client } = scene();
    const seen: unknown[] = [];
    const sub = client.subscribe(viewers, sfo);
    sub.on('viewer.came', (who) => seen.push(who));
    await server.settle();
    server.answerSubscribe(({ sid }) => ({ sid, outcome: 'live' }));
    const live = (one: unknown): void => server.link.live({ channel: 'viewers.SFO', events: [one] } as never);
    live(null);
    live({ id: 'v1', type: 'viewer.came', time: 1, data: '"ada"' });
    server.link.control({ kind: 'revoked', channel: 'viewers.SFO' } as never);
    expect([seen, sub.state]).toEqual([['ada'], 'unsubscribed']);
    await server.settle();
    expect(server.reported).toEqual([expect.any(TypeError), expect.any(TypeError)]);
  });

  it.each([
    ['refuses', wireError('RATE_LIMITED', { retryAfterMs: 100 }), 600],
    ['does not answer', undefined, 1_500],
  ])('that %s an unsubscribe is told again', async (_what, error, afterMs) => {
    const { server, client, answered } = scene({ answerTimeoutMs: 1_000 });
    const sub = client.subscribe(desk, sfo);
    await answered();
    sub.unsubscribe();
    await server.settle();
    const first = server.expectUnsubscribe();
    if (error) first.refuse(error);
    await server.clock.advance(afterMs - 1);
    expect(server.link.requests).toEqual([]);
    await server.clock.advance(1);
    const second = server.expectUnsubscribe();
    expect(second.body).toEqual({ channels: ['desk.SFO'] });
    second.answer();
    await server.clock.advance(60_000);
    expect([server.link.requests, server.clock.pending]).toEqual([[], 0]);
  });

  it('that refuses an unsubscribe is not told of it when the channel is wanted again', async () => {
    const { server, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    await answered();
    sub.unsubscribe();
    await server.settle();
    const again = client.subscribe(desk, sfo);
    server.expectUnsubscribe().refuse(wireError('BUSY', { retryAfterMs: 100 }));
    await answered();
    await server.clock.advance(60_000);
    expect([again.state, server.link.requests]).toEqual(['subscribed', []]);
  });

  it('that never takes an unsubscribe is left alone', async () => {
    const { server, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    await answered();
    sub.unsubscribe();
    await server.settle();
    server.expectUnsubscribe().refuse(wireError('FRAME_INVALID'));
    await server.clock.advance(60_000);
    expect([server.link.requests, server.clock.pending]).toEqual([[], 0]);
  });
});

describe('a transport', () => {
  it('that throws counts as a failed try, and is reported', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    let tries = 0;
    const { server, client } = scene({
      transport: {
        open: () => {
          tries++;
          throw new SyntaxError('no such address');
        },
      },
    });
    client.connect();
    await server.settle();
    expect(client.state).toMatchObject({ kind: 'reconnecting', attempt: 1 });
    await server.clock.advance(2_000);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onUnhandled);
    expect(tries).toBeGreaterThan(1);
    expect(server.reported.map(String)).toContain('SyntaxError: no such address');
    expect(unhandled).toEqual([]);
    client.close();
    expect(server.clock.pending).toBe(0);
  });
});

describe('options', () => {
  it.each([
    { url: undefined },
    { url: '' },
    { token: undefined },
    { token: 'a token' },
    { maxBackoffMs: Number.NaN },
    { connectTimeoutMs: '5' },
  ])('that are none are refused at once: %o', (options) => {
    const { server } = scene();
    expect(() => createClient({ ...server.options, ...(options as object) })).toThrow(RealtimeError);
  });

  it('that are undefined, as plain JavaScript passes them, stand at their default', () => {
    const { options } = new FakeServer();
    const names = Object.keys(resolveOptions(options)).filter((name) => !(name in options) && name !== 'backoff');
    const nothing = Object.fromEntries([...names, 'minBackoffMs', 'maxBackoffMs'].map((name) => [name, undefined]));
    const resolved = resolveOptions({ ...options, ...nothing });
    expect({ ...resolved, environment: 'as given' }).toEqual({ ...resolveOptions(options), environment: 'as given' });
    expect(resolved).toMatchObject({ path: '/realtime', maxCommandsInFlight: 32 });
  });
});

describe('a storage', () => {
  /** That of a frame or of a test runner's sandbox: its promises are no `instanceof Promise` here. */
  const Elsewhere = runInNewContext('Promise') as PromiseConstructor;

  it('may answer with a promise of another realm', async () => {
    const log = new FakeLog('desk.SFO');
    log.publish('a.b', 1);
    const storage: PositionStorage = {
      get: () => Elsewhere.resolve(log.positionAt(0)),
      set: () => Elsewhere.resolve(),
    };
    const { server, client } = scene({ storage });
    client.subscribe(desk, sfo);
    await server.settle();
    expect(server.expectSubscribe().body.items).toMatchObject([{ since: log.positionAt(0) }]);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('disk'))],
    [
      'throws',
      () => {
        throw new Error('disk');
      },
    ],
    ['never answers', () => new Promise<string>(() => {})],
    ['holds garbage', () => '{}'],
    ['holds no text', () => 7 as unknown as string],
  ])('that %s may have held a position: what came after it may be lost', async (_what, get) => {
    const { server, log, client, answered } = scene({ storage: { get, set: () => {} } });
    const seen: unknown[] = [];
    const sub = client.subscribe(desk, sfo);
    sub.on('discontinuity', ({ reason }) => seen.push(reason));
    sub.on('a.b', (n) => seen.push(n));
    log.publish('a.b', 1);
    await server.clock.advance(5_000);
    await answered();
    server.link.events(log.publish('a.b', 2));
    expect(seen).toEqual(['mismatch', 2]);
  });

  it.each([null, undefined])('that holds %s is new', async (none) => {
    const { server, client, answered } = scene({ storage: { get: () => none, set: () => {} } });
    const seen: unknown[] = [];
    client.subscribe(desk, sfo).on('discontinuity', () => seen.push('lost'));
    await answered();
    expect([seen, server.reported]).toEqual([[], []]);
  });

  it('is not asked about a live channel, which has no positions', async () => {
    const asked: string[] = [];
    const storage: PositionStorage = {
      get: (channel) => {
        asked.push(channel);
        return 'e.1.a.1';
      },
      set: (channel) => asked.push(channel),
    };
    const { server, client } = scene({ storage });
    client.subscribe(viewers, sfo, { storage });
    await server.settle();
    expect(server.expectSubscribe().body.items).toEqual([{ channel: 'viewers.SFO', sid: 1 }]);
    expect(asked).toEqual([]);
  });

  it('that is still asked when the client closes keeps nothing open', async () => {
    const { server, client } = scene({ storage: { get: () => new Promise(() => {}), set: () => {} } });
    client.subscribe(desk, sfo);
    await server.settle();
    client.close();
    await server.settle();
    expect([server.clock.pending, server.reported]).toEqual([0, []]);
  });
});
