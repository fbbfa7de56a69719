import { wireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, event, RealtimeError, type Subscription } from '../index.js';
import { FakeLog, FakeServer } from '../testing/index.js';
import { MAX_WAITING_EVENTS } from './event-iterator.js';

const desk = defineChannel('desk.:airport', {
  delivery: 'durable',
  events: { 'a.b': event<number>(), 'c.d': event<number>() },
});

interface Scene {
  readonly server: FakeServer;
  readonly log: FakeLog;
  readonly subscription: Subscription<typeof desk>;
  readonly client: ReturnType<typeof createClient>;
}

async function subscribed(): Promise<Scene> {
  const server = new FakeServer();
  const log = new FakeLog('desk.SFO');
  const client = createClient(server.options);
  const subscription = client.subscribe(desk, { airport: 'SFO' });
  await server.settle();
  server.answerSubscribe((item) => log.answer(item));
  return { server, log, client, subscription };
}

type Loop = ReturnType<Subscription<typeof desk>['events']>;

/** What a loop over `events` that never waits comes to. */
async function all(events: Loop): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    for await (const one of events) seen.push(one.type === 'discontinuity' ? one.data.reason : one.data);
  } catch (error) {
    seen.push(error instanceof RealtimeError ? error.code : error);
  }
  return seen;
}

describe('a for await loop over a subscription', () => {
  it('is handed one event after the other, however long it takes for each, and ends with the subscription', async () => {
    const { server, log, subscription } = await subscribed();
    const events = subscription.events('a.b', 'c.d');
    for (const n of [1, 2]) server.link.events(log.publish('a.b', n));
    server.link.events(log.publish('c.d', 3));
    const [first, second] = [await events.next(), await events.next()];
    expect([first.value, second.value]).toMatchObject([
      { type: 'a.b', data: 1, meta: { offset: 1 } },
      { type: 'a.b', data: 2, meta: { offset: 2 } },
    ]);
    const rest = all(events);
    subscription.unsubscribe();
    expect(await rest).toEqual([3]);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('hears only the types that it names, and what is lost in its place among the events', async () => {
    const { server, log, subscription } = await subscribed();
    const seen = all(subscription.events('a.b'));
    server.link.events(log.publish('a.b', 1));
    server.link.events(log.publish('c.d', 2));
    log.restart();
    server.link.control({ kind: 'discontinuity', channel: 'desk.SFO', reason: 'epoch' });
    await server.settle();
    server.answerSubscribe((item) => log.answer(item));
    server.link.events(log.publish('a.b', 3));
    subscription.unsubscribe();
    expect(await seen).toEqual([1, 'epoch', 3]);
  });

  it('throws the refusal that ends the subscription, after the events before it', async () => {
    const { server, log, subscription } = await subscribed();
    const seen = all(subscription.events('a.b'));
    server.link.events(log.publish('a.b', 1));
    server.link.control({ kind: 'revoked', channel: 'desk.SFO', error: wireError('FORBIDDEN') });
    expect(await seen).toEqual([1, 'FORBIDDEN']);
    expect(server.reported).toEqual([]);
    expect(await all(subscription.events('a.b'))).toEqual([]);
  });

  it('ends when the client is closed', async () => {
    const { client, subscription } = await subscribed();
    const seen = all(subscription.events('a.b'));
    client.close();
    expect(await seen).toEqual([]);
  });

  it('throws when more events wait than are kept, and another one goes on from the last that was handled', async () => {
    const { server, log, client, subscription } = await subscribed();
    const events = subscription.events('a.b');
    for (let n = 1; n <= MAX_WAITING_EVENTS; n++) server.link.events(log.publish('a.b', n));
    const { value } = await events.next();
    server.link.events(log.publish('a.b', MAX_WAITING_EVENTS + 1));
    expect((await events.next()).value).toMatchObject({ data: 2 });
    for (let n = 2; n <= 3; n++) server.link.events(log.publish('a.b', MAX_WAITING_EVENTS + n));
    await expect(events.next()).rejects.toMatchObject({ code: 'EVENTS_WAITING', retry: 'resync' });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    subscription.unsubscribe();
    await server.settle();
    server.link.requests.shift()?.answer();
    const since = value?.type === 'a.b' ? value.meta.position : undefined;
    const again = client.subscribe(desk, { airport: 'SFO' }, since === undefined ? {} : { since });
    await server.settle();
    expect(server.expectSubscribe().body.items).toMatchObject([{ since: log.positionAt(1) }]);
    again.unsubscribe();
  });

  it('that is left hears nothing more, and leaves the other listeners', async () => {
    const { server, log, subscription } = await subscribed();
    const heard: number[] = [];
    subscription.on('a.b', (n) => heard.push(n));
    const events = subscription.events('a.b');
    server.link.events(log.publish('a.b', 1));
    for await (const one of events) {
      expect(one.data).toBe(1);
      break;
    }
    server.link.events(log.publish('a.b', 2));
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect([heard, subscription.state]).toEqual([[1, 2], 'subscribed']);
  });

  it('does not hide a passing refusal from the report', async () => {
    const { server, subscription } = await subscribed();
    const events = subscription.events('a.b');
    server.link.control({ kind: 'discontinuity', channel: 'desk.SFO', reason: 'epoch' });
    await server.settle();
    server.answerSubscribe(({ sid }) => ({
      sid,
      outcome: 'refused',
      error: { ...wireError('INTERNAL'), retry: 'backoff' },
    }));
    await server.settle();
    expect(server.reported).toMatchObject([{ code: 'INTERNAL' }]);
    subscription.unsubscribe();
    expect(await all(events)).toEqual([]);
  });

  it('is refused a name that is no event of the channel', async () => {
    const { subscription } = await subscribed();
    expect(() => subscription.events('a.x' as 'a.b')).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }));
  });
});

describe('a listener', () => {
  it('of once() hears the next event and no other', async () => {
    const { server, log, subscription } = await subscribed();
    const heard: number[] = [];
    subscription.once('a.b', (n) => heard.push(n));
    const remove = subscription.once('c.d', (n) => heard.push(n));
    remove();
    server.link.events(log.publish('c.d', 1));
    for (const n of [2, 3]) server.link.events(log.publish('a.b', n));
    expect(heard).toEqual([2]);
  });

  it('is removed by off(), whether on() or once() was given it', async () => {
    const { server, log, subscription } = await subscribed();
    const heard: number[] = [];
    const listener = (n: number) => heard.push(n);
    subscription.on('a.b', listener);
    subscription.once('a.b', listener);
    subscription.on('c.d', listener);
    subscription.off('a.b', listener);
    server.link.events(log.publish('a.b', 1));
    server.link.events(log.publish('c.d', 2));
    expect(heard).toEqual([2]);
    expect(() => subscription.off('a.x' as 'a.b', listener)).toThrow('"a.x" is not an event');
  });
});
