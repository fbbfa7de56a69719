import { describe, expect, expectTypeOf, it } from 'vitest';
import { createClient, defineChannel, defineCommand, event, type HistoryPage } from './index.js';
import { FakeServer } from './testing/index.js';

interface Departure {
  readonly flight: number;
}

const desk = defineChannel('desk.:airport', {
  delivery: 'durable',
  events: { 'departure.recorded': event<Departure>(), 'desk.closed': event<{ reason: string }>() },
});
const news = defineChannel('news', { delivery: 'live', events: { 'news.flashed': event<string>() } });
const record = defineCommand<Departure, { id: number }>('departure.record');
const ping = defineCommand('desk.ping');

const client = createClient({ ...new FakeServer().options, start: 'on-call' });

describe('types of the client', () => {
  it('take `undefined` for what is left out, as most callers pass it on', async () => {
    const left = createClient({ ...new FakeServer().options, storage: undefined, onError: undefined, path: undefined });
    left.subscribe(desk, { airport: 'SFO' }, { since: undefined, storage: undefined });
    const page = left.history(desk, { airport: 'SFO' }, { after: undefined, limit: undefined, signal: undefined });
    left.close();
    await expect(page).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });

  it('hold for subscribing', () => {
    const sub = client.subscribe(desk, { airport: 'SFO' });
    sub.on('departure.recorded', (departure, meta) => {
      expectTypeOf(departure).toEqualTypeOf<Departure>();
      expectTypeOf(meta.isRecovered).toEqualTypeOf<boolean>();
    });
    sub.on('discontinuity', ({ reason }) => {
      expectTypeOf(reason).toEqualTypeOf<'expired' | 'epoch' | 'mismatch' | 'withdrawn' | 'unproven' | 'principal'>();
    });
    sub.on('recovered', ({ count }) => expectTypeOf(count).toEqualTypeOf<number>());
    // @ts-expect-error no such event
    expect(() => sub.on('departure.forgotten', () => {})).toThrow('departure.forgotten');
    // @ts-expect-error the data of another event
    sub.on('departure.recorded', (closed: { reason: string }) => closed);
    // @ts-expect-error an event of another channel
    expect(() => client.subscribe(news, {}).on('departure.recorded', () => {})).toThrow('news.flashed');
    // @ts-expect-error a parameter is missing
    expect(() => client.subscribe(desk, {})).toThrow('not the name of a channel');
    // @ts-expect-error a parameter of another type
    expect(() => client.subscribe(desk, { airport: 1 })).toThrow('not the name of a channel');
  });

  it('hold for sending', () => {
    const late = new FakeServer();
    const sender = createClient({ ...late.options, start: 'on-call', maxQueuedCommands: 10 });
    const sent = [
      sender.send(record, { flight: 1 }),
      sender.send(ping),
      sender.send(ping, undefined, { timeoutMs: 1 }),
      // @ts-expect-error a field of another type
      sender.send(record, { flight: 'one' }),
      // @ts-expect-error a field is missing
      sender.send(record, {}),
      // @ts-expect-error data is missing
      sender.send(record),
      // @ts-expect-error this command takes none
      sender.send(ping, { flight: 1 }),
    ] as const;
    expectTypeOf(sent[0]).resolves.toEqualTypeOf<{ id: number }>();
    expectTypeOf(sent[1]).resolves.toEqualTypeOf<void>();
    for (const one of sent) one.catch(() => {});
    sender.close();
    expect(sent).toHaveLength(7);
  });

  it('hold for history', () => {
    type Page = HistoryPage<typeof desk>;
    const ask = () => client.history(desk, { airport: 'SFO' });
    expectTypeOf(ask).returns.resolves.toEqualTypeOf<Page>();
    const read = ({ events }: Page) =>
      events.map((one) => {
        if (one.type === 'desk.closed') return one.data.reason;
        expectTypeOf(one.data).toEqualTypeOf<Departure>();
        // @ts-expect-error the data of another event
        return String(one.data.reason);
      });
    expect(read({ outcome: 'complete', reason: undefined, events: [], position: 'p' as never })).toEqual([]);
  });
});
