import { wireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, event, type ClientOptions, type LinkListener, type Transport } from './index.js';
import { FakeLog, FakeServer } from './testing/index.js';

/** Each of these is a bug that an SDK of this kind has had. */

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<number>() } });
const sfo = { airport: 'SFO' };

function scene(options: Partial<ClientOptions> = {}, server = new FakeServer()) {
  const log = new FakeLog('desk.SFO');
  const client = createClient({ ...server.options, ...options });
  const subscribed = async () => {
    await server.settle();
    server.answerSubscribe((item) => log.answer(item));
  };
  return { server, log, client, subscribed };
}

describe('the position', () => {
  it('is neither moved after nor long before the application sees the event', async () => {
    const { server, log, client, subscribed } = scene();
    const sub = client.subscribe(desk, sfo);
    const seen: unknown[] = [];
    sub.on('a.b', (n, { position }) => seen.push([n, position, sub.position]));
    await subscribed();
    for (const n of [1, 2, 3]) log.publish('a.b', n);
    server.link.events(log.frame(1, 3));
    // In the middle of a batch it is that of the event at hand, not that of the batch.
    expect(seen).toEqual([1, 2, 3].map((n) => [n, log.positionAt(n), log.positionAt(n)]));
  });

  it('is in the storage when the application sees the event, and no later one is', async () => {
    const stored: string[] = [];
    const { server, log, client, subscribed } = scene({
      storage: { get: () => null, set: (_channel, position) => stored.push(position) },
    });
    const seen: unknown[] = [];
    client.subscribe(desk, sfo).on('a.b', () => seen.push(stored.at(-1)));
    await subscribed();
    for (const n of [1, 2]) log.publish('a.b', n);
    server.link.events(log.frame(1, 2));
    expect(seen).toEqual([`${log.positionAt(1)}@ada`, `${log.positionAt(2)}@ada`]);
  });
});

describe('an event', () => {
  it('is not handed over after unsubscribe, even amid a batch', async () => {
    const { server, log, client, subscribed } = scene();
    const sub = client.subscribe(desk, sfo);
    const seen: number[] = [];
    sub.on('a.b', (n) => {
      seen.push(n);
      if (n === 2) sub.unsubscribe();
    });
    sub.on('a.b', (n) => seen.push(n * 10));
    await subscribed();
    for (const n of [1, 2, 3]) log.publish('a.b', n);
    server.link.events(log.frame(1, 3));
    server.link.events(log.publish('a.b', 4));
    expect(seen).toEqual([1, 10, 2]);
    expect(sub.position).toBe(log.positionAt(2));
  });

  it('is not handed over by an ended session', async () => {
    const server = new FakeServer();
    const listeners: LinkListener[] = [];
    const transport: Transport = {
      open: (target, listener) => {
        listeners.push(listener);
        return server.open(target, listener);
      },
    };
    const { log, client, subscribed } = scene({ transport }, server);
    const sub = client.subscribe(desk, sfo);
    const seen: unknown[] = [];
    sub.on('a.b', (n) => seen.push(n));
    await subscribed();
    client.disconnect();
    client.connect();
    await subscribed();
    listeners[0]?.frame({ name: 'events', body: log.publish('a.b', 1) });
    listeners[0]?.frame({ name: 'control', body: { kind: 'draining', retryAfterMs: 1 } });
    listeners[0]?.closed('late');
    expect(seen).toEqual([]);
    expect(client.state.kind).toBe('connected');
    server.link.events(log.frame(1));
    expect(seen).toEqual([1]);
  });
});

describe('subscribe, unsubscribe, subscribe', () => {
  it('does not take the first answer, still pending, for the second', async () => {
    const { server, log, client } = scene();
    const first = client.subscribe(desk, sfo);
    const seen: unknown[] = [];
    first.on('a.b', (n) => seen.push(`first ${n}`));
    await server.settle();
    const pending = server.expectSubscribe();
    first.unsubscribe();
    const second = client.subscribe(desk, sfo);
    second.on('a.b', (n) => seen.push(`second ${n}`));
    await server.settle();
    // One request of a channel at a time: the server cannot handle these two in another order.
    expect(server.link.requests).toEqual([]);
    log.publish('a.b', 1);
    pending.answer({ items: pending.body.items.map((item) => log.answer(item)) });
    expect(second.state).toBe('subscribing');

    await server.settle();
    const leave = server.expectUnsubscribe();
    expect(leave.body).toEqual({ channels: ['desk.SFO'] });
    leave.answer();
    await server.settle();
    server.answerSubscribe((item) => log.answer(item));
    pending.answer({ items: pending.body.items.map((item) => log.answer(item)) });
    server.link.events(log.publish('a.b', 2));
    expect([first.state, second.state]).toEqual(['unsubscribed', 'subscribed']);
    expect(seen).toEqual(['second 2']);
  });
});

describe('a token', () => {
  it('is never fetched twice at once, but while a call that was given up hangs', async () => {
    const answers: ((token: string) => void)[] = [];
    const { server, client } = scene({ token: () => new Promise<string>((resolve) => void answers.push(resolve)) });
    client.connect();
    await server.settle();
    client.disconnect();
    client.connect();
    client.disconnect();
    client.connect();
    await server.settle();
    expect(answers).toHaveLength(2);
    answers[0]?.('one');
    await server.settle();
    expect(server.links).toHaveLength(0);
    answers[1]?.('two');
    await server.settle();
    expect(server.links.map(({ handshake }) => handshake.token)).toEqual(['two']);
    server.link.control({ kind: 'welcome', session: 's', expiresInMs: 60_000 });
    server.link.control({ kind: 'reauthenticate', expiresInMs: 30_000 });
    server.link.control({ kind: 'reauthenticate', expiresInMs: 30_000 });
    await server.clock.advance(9_000);
    expect(answers).toHaveLength(3);
  });

  it('that was refreshed for an old session is never used for a new one', async () => {
    const answers: ((token: string) => void)[] = [];
    const { server, client } = scene({ token: () => new Promise((resolve) => answers.push(resolve)) });
    client.connect();
    await server.settle();
    answers[0]?.('first');
    await server.settle();
    server.link.control({ kind: 'reauthenticate', expiresInMs: 30_000 });
    await server.settle();
    expect(answers).toHaveLength(2);
    server.link.drop();
    await server.clock.advance(1_000);
    expect(server.links).toHaveLength(1);
    answers[1]?.('of the old session');
    await server.settle();
    expect(server.links).toHaveLength(1);
    answers[2]?.('of the new session');
    await server.settle();
    expect(server.link.handshake.token).toBe('of the new session');
    expect(server.link.requests).toEqual([]);
  });

  it('that is refused again and again causes no endless loop', async () => {
    const server = new FakeServer({ accept: 'by-hand' });
    const reasons: string[] = [];
    const { client } = scene(
      {
        token: ({ reason }) => {
          reasons.push(reason);
          return 'bad';
        },
      },
      server,
    );
    client.connect();
    for (let turn = 0; turn < 50; turn++) {
      await server.clock.advance(5_000);
      if (server.link.isOpen) server.refuse(wireError('UNAUTHENTICATED'));
    }
    expect(reasons.length).toBeLessThan(15);
    expect(client.state).toEqual({ kind: 'needs-auth', error: wireError('UNAUTHENTICATED') });
    expect(server.clock.pending).toBe(0);
    client.connect();
    await server.settle();
    expect(reasons.at(-1)).toBe('connect');
  });
});

describe('a failure in somebody else’s code', () => {
  it('never becomes an unhandled rejection, which would end a Node process', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    let failures = 0;
    const fail = () => {
      throw new Error(`failure ${++failures}`);
    };
    const reject = async () => fail();
    const { server, log, client, subscribed } = scene({
      storage: { get: reject, set: reject },
      token: ({ reason }) => (reason === 'refresh' || failures === 0 ? reject() : 'token'),
      onError: fail,
    });
    client.onState(reject);
    client.onState(fail);
    const sub = client.subscribe(desk, sfo);
    const seen: number[] = [];
    sub.on('error', reject);
    sub.on('state', fail);
    sub.on('a.b', reject);
    sub.on('a.b', fail);
    sub.on('a.b', (n) => seen.push(n));
    await server.clock.advance(1_000);
    await subscribed();
    server.link.control({ kind: 'reauthenticate', expiresInMs: 1_000 });
    server.link.events(log.publish('a.b', 1));
    log.publish('a.b', 2);
    server.link.events({ ...log.frame(2), events: [{ ...log.events[1]!, data: '{' }] });
    server.link.events(undefined as never);
    server.link.events(log.publish('a.b', 3));
    server.link.drop();
    await server.clock.advance(1_000);
    client.close();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onUnhandled);
    expect(seen).toEqual([1, 3]);
    expect(failures).toBeGreaterThan(15);
    expect(unhandled).toEqual([]);
  });

  it('is reported, and the data that is not JSON to the subscription', async () => {
    const { server, log, client, subscribed } = scene();
    const sub = client.subscribe(desk, sfo);
    const errors: unknown[] = [];
    sub.on('a.b', () => Promise.reject(new Error('async listener')));
    sub.on('a.b', () => {
      throw new Error('listener');
    });
    sub.on('error', (error) => errors.push([error.code, error.message]));
    await subscribed();
    server.link.events(log.publish('a.b', 1));
    log.publish('a.b', 2);
    server.link.events({ ...log.frame(2), events: [{ ...log.events[1]!, data: '{' }] });
    await server.settle();
    expect(server.reported.map(String)).toEqual(['Error: listener', 'Error: async listener']);
    expect(errors).toEqual([['EVENT_INVALID', 'The data of event "1-2" is not JSON.']]);
    expect(sub.position).toBe(log.head);
  });

  it('in a storage that throws never breaks delivery', async () => {
    const { server, log, client, subscribed } = scene({
      storage: {
        get: () => {
          throw new Error('get');
        },
        set: () => {
          throw new Error('set');
        },
      },
    });
    const seen: number[] = [];
    client.subscribe(desk, sfo).on('a.b', (n) => seen.push(n));
    await subscribed();
    server.link.events(log.publish('a.b', 1));
    server.link.events(log.publish('a.b', 2));
    expect(seen).toEqual([1, 2]);
    // A storage that fails says so once, not with each event.
    expect(server.reported.map(String)).toEqual(['Error: get', 'Error: set']);
  });
});

describe('a frame', () => {
  it('that arrives between the request and the answer is neither lost nor doubled nor early', async () => {
    const { server, log, client } = scene();
    const seen: number[] = [];
    client.subscribe(desk, sfo, { since: log.head }).on('a.b', (n) => seen.push(n));
    await server.settle();
    const request = server.expectSubscribe();
    log.publish('a.b', 1);
    server.link.events(log.publish('a.b', 2));
    const items = request.body.items.map((item) => log.answer(item));
    server.link.events(log.publish('a.b', 3));
    expect(seen).toEqual([]);
    request.answer({ items });
    expect(seen).toEqual([1, 2, 3]);
  });

  it('that leaves a hole after the answer makes the SDK ask for the hole', async () => {
    const { server, log, client, subscribed } = scene();
    const seen: number[] = [];
    client.subscribe(desk, sfo).on('a.b', (n) => seen.push(n));
    await subscribed();
    log.publish('a.b', 1);
    server.link.events(log.publish('a.b', 2));
    expect(seen).toEqual([]);
    await server.settle();
    server.answerSubscribe((item) => log.answer(item));
    server.link.events(log.publish('a.b', 3));
    expect(seen).toEqual([1, 2, 3]);
  });
});
