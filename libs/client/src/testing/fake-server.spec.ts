import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, event } from '../index.js';
import { FakeClock, FakeLog, FakeServer } from './index.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<number>() } });

describe('the fake server', () => {
  it('says what waits instead of what was expected', async () => {
    const server = new FakeServer();
    expect(() => server.link).toThrow('No client has connected');
    createClient(server.options).subscribe(desk, { airport: 'SFO' });
    await server.settle();
    expect(() => server.expectCommand()).toThrow('The client did not send "command"; waiting: subscribe');
    server.expectSubscribe();
    expect(() => server.expectSubscribe()).toThrow('waiting: nothing');
  });

  it('lets connections in by hand when told to', async () => {
    const server = new FakeServer({ accept: 'by-hand' });
    const client = createClient(server.options);
    client.connect();
    await server.settle();
    expect(client.state.kind).toBe('connecting');
    server.accept();
    expect(client.state).toMatchObject({ kind: 'connected', session: 'session-1' });
  });
});

describe('the fake clock', () => {
  it('fires what falls due, in order, with time for promises in between', async () => {
    const clock = new FakeClock(1_000);
    const seen: string[] = [];
    const at = (name: string) => seen.push(`${name} ${clock.now()}`);
    clock.after(20, () => at('second'));
    clock.after(10, () => void Promise.resolve().then(() => clock.after(5, () => at('first'))));
    clock.after(30, () => at('cancelled'))();
    clock.after(40, () => at('late'));
    await clock.advance(35);
    expect(seen).toEqual(['first 1015', 'second 1020']);
    expect([clock.now(), clock.pending]).toEqual([1_035, 1]);
  });
});

describe('the fake log', () => {
  const log = new FakeLog('desk.SFO', 2);
  for (const n of [1, 2, 3, 4]) log.publish('a.b', n);
  const answer = (since?: string) => log.answer({ channel: 'desk.SFO', sid: 1, ...(since !== undefined && { since }) });

  it('answers like a server', () => {
    expect(answer()).toMatchObject({ outcome: 'fresh', position: log.head, events: [] });
    expect(answer(log.positionAt(1))).toMatchObject({ outcome: 'behind', position: log.positionAt(3) });
    expect(answer(log.positionAt(2))).toMatchObject({ outcome: 'recovered', position: log.head });
    expect(answer(log.head)).toMatchObject({ outcome: 'recovered', events: [] });
    expect(answer('epoch-1.1.other.1001')).toMatchObject({ outcome: 'unrecoverable', reason: 'mismatch' });
    expect(answer('epoch-9.1.a.1001')).toMatchObject({ outcome: 'unrecoverable', reason: 'epoch' });
    expect(answer('garbage')).toMatchObject({ outcome: 'unrecoverable', reason: 'mismatch' });
  });

  it('forgets, and begins anew', () => {
    const old = log.positionAt(1);
    log.expire(2);
    expect(answer(old)).toMatchObject({ outcome: 'unrecoverable', reason: 'expired' });
    expect(answer(log.positionAt(2))).toMatchObject({ outcome: 'recovered' });
    log.restart();
    expect(answer(old)).toMatchObject({ outcome: 'unrecoverable', reason: 'epoch', position: log.head });
    expect(log.publish('a.b', 1)).toMatchObject({ epoch: 'epoch-2', prev: 0, events: [{ offset: 1 }] });
  });
});
