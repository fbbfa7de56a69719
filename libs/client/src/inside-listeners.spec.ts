import { wireError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, defineCommand, event, type ClientOptions } from './index.js';
import { FakeLog, FakeServer } from './testing/index.js';

/** What an application does inside a listener happens in the middle of the SDK's own work. */

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<number>() } });
const ping = defineCommand('desk.ping');
const sfo = { airport: 'SFO' };

function scene(options: Partial<ClientOptions> = {}) {
  const server = new FakeServer();
  const log = new FakeLog('desk.SFO');
  const client = createClient({ ...server.options, ...options });
  const answered = async () => {
    await server.settle();
    server.answerSubscribe((item) => log.answer(item));
  };
  const publish = (...contents: number[]) => {
    const first = log.events.length + 1;
    for (const content of contents) log.publish('a.b', content);
    server.link.events(log.frame(first, log.events.length));
  };
  return { server, log, client, answered, publish };
}

describe('close()', () => {
  it('amid a batch ends it there, and says so', async () => {
    const { log, client, answered, publish } = scene();
    const sub = client.subscribe(desk, sfo);
    const seen: unknown[] = [];
    sub.on('a.b', (n) => {
      seen.push(n);
      if (n === 2) client.close();
    });
    sub.on('state', (state) => seen.push(state));
    await answered();
    publish(1, 2, 3);
    expect(seen).toEqual(['subscribed', 1, 2, 'unsubscribed']);
    expect(sub.position).toBe(log.positionAt(2));
  });

  it('leaves nothing open when a listener subscribes and sends at that moment', async () => {
    const { server, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    await answered();
    const refused: unknown[] = [];
    sub.on('state', () => {
      void client.send(ping).catch((error: unknown) => refused.push(error));
      client.subscribe(desk, { airport: 'JFK' });
    });
    client.close();
    await server.settle();
    expect(refused).toMatchObject([{ code: 'CLIENT_CLOSED' }]);
    expect(server.reported).toMatchObject([{ code: 'CLIENT_CLOSED' }]);
    expect(server.clock.pending).toBe(0);
  });

  it('says of each subscription that it ended, and of nothing else', async () => {
    const { client, answered } = scene();
    const seen: unknown[] = [];
    const sub = client.subscribe(desk, sfo);
    await answered();
    sub.on('state', (state) => seen.push(state));
    client.onState(({ kind }) => seen.push(kind));
    client.close();
    client.close();
    expect(seen).toEqual(['unsubscribed', 'closed']);
  });
});

describe('disconnect()', () => {
  it('amid a batch cuts the connection; what had come already is handed over', async () => {
    const { server, log, client, answered, publish } = scene();
    const sub = client.subscribe(desk, sfo);
    const seen: unknown[] = [];
    sub.on('a.b', (n) => {
      seen.push(n);
      if (n === 1) client.disconnect();
    });
    await answered();
    publish(1, 2);
    expect([seen, client.state.kind, sub.state]).toEqual([[1, 2], 'disconnected', 'recovering']);
    log.publish('a.b', 3);
    client.connect();
    await server.settle();
    expect(server.expectSubscribe().body.items).toMatchObject([{ since: log.positionAt(2) }]);
  });

  it.each(['connected', 'reconnecting'] as const)('at %s: all hear the states in one order', async (when) => {
    const { server, client } = scene();
    const seen: string[][] = [[], []];
    client.onState(({ kind }) => {
      seen[0]?.push(kind);
      if (kind === when) client.disconnect();
    });
    client.onState(({ kind }) => seen[1]?.push(kind));
    client.connect();
    await server.settle();
    server.link.drop();
    await server.settle();
    expect(seen[0]?.slice(-2)).toEqual([when, 'disconnected']);
    expect(seen[1]).toEqual(seen[0]);
    expect(server.clock.pending).toBe(0);
  });

  it('when a subscription hears of the loss: the last state that is told is the one that holds', async () => {
    const { server, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    await answered();
    const seen: string[] = [];
    client.onState(({ kind }) => seen.push(kind));
    sub.on('state', () => client.disconnect());
    server.link.drop();
    expect([seen.at(-1), client.state.kind]).toEqual(['disconnected', 'disconnected']);
  });
});

describe('a position that is of no use', () => {
  it('is told when the server has answered, so that leaving at once reaches the server', async () => {
    const { server, client, answered } = scene();
    client.connect();
    await server.settle();
    const sub = client.subscribe(desk, sfo, { since: 'garbage' });
    sub.on('discontinuity', () => sub.unsubscribe());
    await answered();
    await server.settle();
    expect(server.expectUnsubscribe().body).toEqual({ channels: ['desk.SFO'] });
  });

  it('makes no request go out twice when a listener sends a command', async () => {
    const { server, client } = scene();
    client.connect();
    await server.settle();
    const sub = client.subscribe(desk, sfo, { since: 'garbage' });
    client.subscribe(desk, { airport: 'JFK' });
    sub.on('discontinuity', () => void client.send(ping).catch(() => {}));
    await server.settle();
    expect(server.expectSubscribe().body.items).toHaveLength(2);
    expect(server.link.requests.filter(({ name }) => name === 'subscribe')).toEqual([]);
  });
});

describe('a listener', () => {
  it('that leaves and subscribes anew goes on where it left', async () => {
    const { server, log, client, answered, publish } = scene();
    const seen: unknown[] = [];
    const listen = (since?: string): void => {
      const sub = client.subscribe(desk, sfo, since === undefined ? {} : { since });
      sub.on('a.b', (n) => {
        seen.push(n);
        if (n !== 2) return;
        sub.unsubscribe();
        listen(sub.position);
      });
    };
    listen();
    await answered();
    publish(1, 2, 3);
    await server.settle();
    server.expectUnsubscribe().answer();
    await answered();
    publish(4);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(log.events).toHaveLength(4);
  });

  it('that hears a withdrawal may subscribe anew', async () => {
    const { server, client, answered } = scene();
    const sub = client.subscribe(desk, sfo);
    const states: string[] = [];
    sub.on('error', () => client.subscribe(desk, sfo).on('state', (state) => states.push(state)));
    await answered();
    server.link.control({ kind: 'revoked', channel: 'desk.SFO', error: wireError('FORBIDDEN') });
    await answered();
    expect([sub.state, states]).toEqual(['unsubscribed', ['subscribed']]);
  });
});
