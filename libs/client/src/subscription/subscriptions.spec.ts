import { wireError, type WireError } from '@millrace/protocol';
import { describe, expect, it, vi } from 'vitest';
import { createClient, defineChannel, defineCommand, event, type ClientOptions } from '../index.js';
import { FakeLog, FakeServer } from '../testing/index.js';

const desk = defineChannel('desk.:airport', {
  delivery: 'durable',
  events: { 'a.b': event<number>(), 'c.d': event<{ n: number }>() },
});
const viewers = defineChannel('viewers.:airport', { delivery: 'live', events: { 'viewer.came': event<string>() } });
const ping = defineCommand<void, number>('desk.ping');
const sfo = { airport: 'SFO' };

function scene(options: Partial<ClientOptions> = {}) {
  const server = new FakeServer();
  const log = new FakeLog('desk.SFO');
  const client = createClient({ ...server.options, ...options });
  const answered = async () => {
    await server.settle();
    server.answerSubscribe((item) => log.answer(item));
  };
  const refused = async (error: WireError) => {
    await server.settle();
    server.answerSubscribe(({ sid }) => ({ sid, outcome: 'refused', error }));
  };
  return { server, log, client, answered, refused };
}

describe('subscriptions', () => {
  it('of one tick leave in one frame, at most 100 items each', async () => {
    const { server, client } = scene({ start: 'on-call' });
    for (let index = 0; index < 250; index++) client.subscribe(desk, { airport: `A${index}` });
    client.connect();
    await server.settle();
    const frames = server.link.requests.map(({ body }) => (body as { items: { channel: string }[] }).items);
    expect(frames.map((items) => items.length)).toEqual([100, 100, 50]);
    expect(new Set(frames.flat().map(({ channel }) => channel)).size).toBe(250);
  });

  it('leave in frames that every server takes, however long their names and positions are', async () => {
    const { server, client } = scene({ start: 'on-call' });
    const since = `${'e'.repeat(64)}.9007199254740991.${'i'.repeat(64)}.9007199254740991`;
    const subs = Array.from({ length: 100 }, (_, index) =>
      client.subscribe(desk, { airport: String(index).padStart(250, '0') }, { since }),
    );
    client.connect();
    await server.settle();
    const sizes = () => server.link.requests.map(({ body }) => JSON.stringify(body).length);
    expect(sizes().length).toBeGreaterThan(2);
    expect(Math.max(...sizes())).toBeLessThan(16_100);
    while (server.link.requests.length > 0) server.answerSubscribe(({ sid }) => ({ sid, outcome: 'live' }));
    await server.settle();
    for (const sub of subs) sub.unsubscribe();
    await server.settle();
    const channels = server.link.requests.map(({ body }) => (body as { channels: string[] }).channels);
    expect([channels.flat().length, Math.max(...sizes()) < 16_100]).toEqual([100, true]);
  });

  it('that are refused in one frame are asked for again in one frame', async () => {
    const server = new FakeServer({ random: Math.random });
    const client = createClient(server.options);
    for (let index = 0; index < 50; index++) client.subscribe(desk, { airport: `A${index}` });
    await server.settle();
    server.expectSubscribe().refuse(wireError('RATE_LIMITED'));
    await server.clock.advance(500);
    expect(server.expectSubscribe().body.items).toHaveLength(50);
  });

  it('leave before a command that is called after them', async () => {
    const { server, client } = scene();
    const sent = [client.subscribe(desk, sfo), client.send(ping)] as const;
    await server.settle();
    client.subscribe(desk, { airport: 'JFK' });
    const second = client.send(ping);
    expect(server.link.requests.map(({ name }) => name)).toEqual(['subscribe', 'command', 'subscribe', 'command']);
    for (const id of [1, 2]) server.expectCommand().answer({ result: id });
    await expect(Promise.all([sent[1], second])).resolves.toEqual([1, 2]);
  });

  it('to one channel share one on the wire, until the last one leaves', async () => {
    const { server, log, client, answered } = scene();
    const seen: string[] = [];
    const [one, two] = [client.subscribe(desk, sfo), client.subscribe(desk, sfo)];
    one.on('a.b', (n) => seen.push(`one ${n}`));
    two.on('a.b', (n) => seen.push(`two ${n}`));
    await answered();
    server.link.events(log.publish('a.b', 1));
    one.unsubscribe();
    server.link.events(log.publish('a.b', 2));
    await server.settle();
    expect(server.link.requests).toEqual([]);
    two.unsubscribe();
    two.unsubscribe();
    await server.settle();
    expect(server.expectUnsubscribe().body).toEqual({ channels: ['desk.SFO'] });
    expect(seen).toEqual(['one 1', 'two 1', 'two 2']);
    expect([one.position, one.state]).toEqual([log.positionAt(1), 'unsubscribed']);
  });

  it('made inside a listener begin after the event at hand', async () => {
    const { server, log, client, answered } = scene();
    const seen: string[] = [];
    client.subscribe(desk, sfo).on('a.b', (n) => {
      seen.push(`outer ${n}`);
      if (n === 1) client.subscribe(desk, sfo).on('a.b', (m) => seen.push(`inner ${m}`));
    });
    await answered();
    server.link.events(log.publish('a.b', 1));
    server.link.events(log.publish('a.b', 2));
    expect(seen).toEqual(['outer 1', 'outer 2', 'inner 2']);
  });

  it('ended before they were asked for never reach the wire', async () => {
    const { server, client } = scene();
    client.subscribe(desk, sfo).unsubscribe();
    await server.settle();
    expect(server.link.requests).toEqual([]);
  });

  it('begin at a kept position, and only the first subscriber of a channel may name one', async () => {
    const { server, log, client, answered } = scene();
    for (const n of [1, 2, 3]) log.publish('a.b', n);
    const seen: unknown[] = [];
    const sub = client.subscribe(desk, sfo, { since: log.positionAt(1) });
    sub.on('a.b', (n) => seen.push(n));
    sub.on('recovered', ({ count }) => seen.push(`recovered ${count}`));
    expect(() => client.subscribe(desk, sfo, { since: log.positionAt(2) })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
    );
    client.subscribe(desk, sfo, { since: log.positionAt(1) }).unsubscribe();
    await answered();
    expect(seen).toEqual([2, 3, 'recovered 2']);
    expect(server.link.requests).toEqual([]);
  });

  it('say that a position is of no use before their first event', async () => {
    const { server, log, client, answered } = scene();
    const seen: unknown[] = [];
    const sub = client.subscribe(desk, sfo, { since: 'garbage' });
    sub.on('discontinuity', ({ reason }) => seen.push(reason));
    sub.on('a.b', (n) => seen.push(n));
    await answered();
    server.link.events(log.publish('a.b', 1));
    expect(seen).toEqual(['mismatch', 1]);
  });

  it('tell of a loss, with the position already behind it', async () => {
    const { server, log, client, answered } = scene();
    for (const n of [1, 2, 3]) log.publish('a.b', n);
    const since = log.positionAt(1);
    log.expire(3);
    const sub = client.subscribe(desk, sfo, { since });
    const seen: unknown[] = [];
    sub.on('discontinuity', ({ reason }) => seen.push([reason, sub.position]));
    sub.on('recovered', () => seen.push('recovered'));
    await answered();
    expect(seen).toEqual([['expired', log.head]]);
    log.restart();
    server.link.control({ kind: 'discontinuity', channel: 'desk.SFO', reason: 'epoch' });
    await answered();
    expect(seen.at(-1)).toEqual(['epoch', log.head]);
  });

  it('are refused for good, and may be tried anew', async () => {
    const { server, client, refused } = scene();
    const sub = client.subscribe(desk, sfo);
    const seen: unknown[] = [];
    sub.on('error', ({ code }) => seen.push(code));
    sub.on('state', (state) => seen.push(state));
    await refused(wireError('FORBIDDEN'));
    expect(seen).toEqual(['FORBIDDEN', 'unsubscribed']);
    sub.unsubscribe();
    client.subscribe(desk, sfo);
    await server.settle();
    expect(server.link.requests.map(({ name }) => name)).toEqual(['subscribe']);
  });

  it('report a refusal that nobody listens for', async () => {
    const { server, client, refused } = scene();
    client.subscribe(desk, sfo);
    await refused(wireError('FORBIDDEN'));
    expect(server.reported).toMatchObject([{ code: 'FORBIDDEN' }]);
  });

  it('that are refused for now are asked for again, later than all who were told the same are', async () => {
    const { server, client, answered, refused } = scene();
    const sub = client.subscribe(desk, sfo);
    await refused(wireError('BUSY', { retryAfterMs: 900 }));
    await server.clock.advance(1_149);
    expect(server.link.requests).toEqual([]);
    await server.clock.advance(1);
    await answered();
    expect(sub.state).toBe('subscribed');
  });

  it.each(['whole', 'missing', 'never', 'malformed'] as const)(
    'survive an answer that is refused or lacking: %s',
    async (how) => {
      const { server, client, answered } = scene();
      const sub = client.subscribe(desk, sfo);
      await server.settle();
      const request = server.expectSubscribe();
      if (how === 'whole') request.refuse(wireError('RATE_LIMITED', { retryAfterMs: 10 }));
      if (how === 'missing') request.answer({ items: [] });
      if (how === 'malformed') request.answer({ items: 7 });
      await server.clock.advance(how === 'never' ? 15_500 : 500);
      await answered();
      expect(sub.state).toBe('subscribed');
    },
  );

  it('are withdrawn by the server', async () => {
    const { server, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    const seen: unknown[] = [];
    sub.on('error', ({ code }) => seen.push(code));
    await answered();
    server.link.control({ kind: 'revoked', channel: 'desk.SFO', error: wireError('FORBIDDEN') });
    sub.unsubscribe();
    await server.clock.advance(60_000);
    expect([sub.state, seen, server.link.requests]).toEqual(['unsubscribed', ['FORBIDDEN'], []]);
  });

  it('that are withdrawn while they ask again leave nothing behind on the server', async () => {
    const { server, log, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    sub.on('error', () => {});
    await answered();
    server.link.control({ kind: 'lagging', channels: ['desk.SFO'], retryAfterMs: 0 });
    await server.clock.advance(1);
    const asked = server.expectSubscribe();
    server.link.control({ kind: 'revoked', channel: 'desk.SFO', error: wireError('FORBIDDEN') });
    await server.settle();
    expect(server.link.requests).toEqual([]);
    asked.answer({ items: asked.body.items.map((item) => log.answer(item)) });
    await server.settle();
    expect(server.expectUnsubscribe().body.channels).toEqual(['desk.SFO']);
    expect(sub.state).toBe('unsubscribed');
  });

  it('that lag fetch the rest in their own time', async () => {
    const { server, log, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    const seen: unknown[] = [];
    sub.on('a.b', (n) => seen.push(n));
    await answered();
    log.publish('a.b', 1);
    server.link.control({ kind: 'lagging', channels: ['desk.SFO', 'desk.other'], retryAfterMs: 300 });
    expect(sub.state).toBe('recovering');
    await server.clock.advance(299);
    expect(server.link.requests).toEqual([]);
    await server.clock.advance(1);
    await answered();
    expect(seen).toEqual([1]);
  });

  it('of live channels hand over what comes while they are subscribed', async () => {
    const { server, client } = scene();
    const sub = client.subscribe(viewers, sfo);
    const seen: unknown[] = [];
    sub.on('viewer.came', (who, { offset, position, isRecovered }) => seen.push([who, offset, position, isRecovered]));
    const live = (who: string) =>
      server.link.live({
        channel: 'viewers.SFO',
        events: [{ id: who, type: 'viewer.came', time: 1, data: `"${who}"` }],
      });
    await server.settle();
    live('early');
    server.answerSubscribe(({ sid }) => ({ sid, outcome: 'live' }));
    live('ada');
    sub.unsubscribe();
    live('late');
    expect(seen).toEqual([['ada', undefined, undefined, false]]);
  });

  it('hold while the node drains, and move to the next', async () => {
    const { server, log, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    const seen: unknown[] = [];
    sub.on('a.b', (n) => seen.push(n));
    await answered();
    server.link.control({ kind: 'draining', retryAfterMs: 100 });
    client.subscribe(desk, { airport: 'JFK' });
    server.link.events(log.publish('a.b', 1));
    await server.settle();
    expect([seen, server.link.requests]).toEqual([[1], []]);
    await server.clock.advance(100);
    expect(server.expectSubscribe().body.items).toMatchObject([
      { channel: 'desk.SFO', since: log.head },
      { channel: 'desk.JFK' },
    ]);
  });

  it('end with the client', async () => {
    const { server, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    await answered();
    client.close();
    expect(sub.state).toBe('unsubscribed');
    expect(() => client.subscribe(desk, sfo)).toThrow('closed');
    expect(server.clock.pending).toBe(0);
  });
});

describe('an event', () => {
  it('is parsed once, for as many listeners as there are, and not at all for none', async () => {
    const { server, log, client, answered } = scene();
    const seen: unknown[] = [];
    for (const sub of [client.subscribe(desk, sfo), client.subscribe(desk, sfo)]) {
      sub.on('c.d', (content) => seen.push(content));
      sub.on('c.d', (content) => seen.push(content));
    }
    await answered();
    const frames = [log.publish('c.d', { n: 1 }), log.publish('a.b', 2)];
    const parse = vi.spyOn(JSON, 'parse');
    for (const frame of frames) server.link.events(frame);
    const { length } = parse.mock.calls;
    parse.mockRestore();
    expect(length).toBe(1);
    expect(new Set(seen).size).toBe(1);
    expect(seen).toHaveLength(4);
  });

  it('named like a word of the SDK does not pass for it', async () => {
    const { server, log, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    const seen: unknown[] = [];
    for (const name of ['error', 'discontinuity', 'recovered'] as const)
      sub.on(name as 'error', (one) => seen.push(one));
    await answered();
    for (const name of ['error', 'discontinuity', 'recovered', 'state']) server.link.events(log.publish(name, 1));
    expect([seen, sub.position]).toEqual([[], log.head]);
  });
});

describe('a storage', () => {
  it('gives the position of an earlier life, and is told where this one stands', async () => {
    const stored = new Map<string, string>();
    const storage = {
      get: (channel: string) => Promise.resolve(stored.get(channel)),
      set: (channel: string, position: string) => void stored.set(channel, position),
    };
    const { server, log, client, answered } = scene({ storage });
    for (const n of [1, 2, 3]) log.publish('a.b', n);
    stored.set('desk.SFO', log.positionAt(1));
    const seen: unknown[] = [];
    const sub = client.subscribe(desk, sfo);
    sub.on('a.b', (n) => {
      seen.push(n);
      if (n === 2) sub.unsubscribe();
    });
    await answered();
    expect(seen).toEqual([2]);
    expect(stored.get('desk.SFO')).toBe(`${log.positionAt(2)}@ada`);
    expect(server.reported).toEqual([]);
  });

  it('that is slow gets one position at a time, and the newest last', async () => {
    const writes: { position: string; done: () => void }[] = [];
    const storage = {
      get: () => undefined,
      set: (_channel: string, position: string) => new Promise<void>((done) => writes.push({ position, done })),
    };
    const { server, log, client, answered } = scene({ storage });
    client.subscribe(desk, sfo);
    await answered();
    for (const n of [1, 2, 3]) server.link.events(log.publish('a.b', n));
    expect(writes).toHaveLength(1);
    writes[0]?.done();
    await server.settle();
    expect(writes.map(({ position }) => position)).toEqual([`${log.positionAt(0)}@ada`, `${log.positionAt(3)}@ada`]);
  });

  it('that never answers is not waited for', async () => {
    const { server, client, answered } = scene({ storage: { get: () => new Promise(() => {}), set: () => {} } });
    const sub = client.subscribe(desk, sfo);
    await server.clock.advance(4_999);
    expect(server.link.requests).toEqual([]);
    await server.clock.advance(1);
    await answered();
    expect(sub.state).toBe('subscribed');
    expect(server.reported).toHaveLength(1);
  });
});
