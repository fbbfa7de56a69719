import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, defineCommand, event } from './index.js';
import { FakeLog, FakeServer } from './testing/index.js';

const desk = defineChannel('desk.:airport', {
  delivery: 'durable',
  events: { 'departure.recorded': event<{ flight: number }>() },
});
const record = defineCommand<{ flight: number }, { id: number }>('departure.record');

describe('a client', () => {
  it('connects on first use and hands over events and results', async () => {
    const server = new FakeServer();
    const client = createClient(server.options);
    const log = new FakeLog('desk.SFO');
    const seen: unknown[] = [];
    const sub = client.subscribe(desk, { airport: 'SFO' });
    sub.on('departure.recorded', ({ flight }, meta) => seen.push([flight, meta.offset]));
    const sent = client.send(record, { flight: 1 });
    await server.settle();
    expect(client.state.kind).toBe('connected');

    server.answerSubscribe((item) => log.answer(item));
    expect(sub.state).toBe('subscribed');
    server.link.events(log.publish('departure.recorded', { flight: 1 }));
    server.expectCommand().answer({ result: { id: 7 } });

    expect(seen).toEqual([[1, 1]]);
    expect(sub.position).toBe(log.head);
    await expect(sent).resolves.toEqual({ id: 7 });
  });

  it('recovers what it missed while the connection was cut', async () => {
    const server = new FakeServer();
    const client = createClient(server.options);
    const log = new FakeLog('desk.SFO', 2);
    const seen: unknown[] = [];
    const sub = client.subscribe(desk, { airport: 'SFO' });
    sub.on('departure.recorded', ({ flight }, meta) => seen.push([flight, meta.isRecovered]));
    sub.on('recovered', ({ count }) => seen.push(`recovered ${count}`));
    await server.settle();
    server.answerSubscribe((item) => log.answer(item));
    server.link.events(log.publish('departure.recorded', { flight: 1 }));

    server.link.drop();
    expect([client.state.kind, sub.state]).toEqual(['reconnecting', 'recovering']);
    for (const flight of [2, 3, 4]) log.publish('departure.recorded', { flight });
    await server.clock.advance(1_000);
    server.answerSubscribe((item) => log.answer(item));
    await server.settle();
    server.answerSubscribe((item) => log.answer(item));

    expect(seen).toEqual([[1, false], [2, true], [3, true], [4, true], 'recovered 3']);
    expect(sub.state).toBe('subscribed');
  });
});
