import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineChannel, defineCommand, event } from './index.js';
import type {
  ChannelContract,
  CommandContract,
  CommandInput,
  CommandResult,
  EventData,
  EventType,
  ParamsOf,
} from './index.js';

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

/** As a publisher and a client declare them; calling them is not the point, that they compile or not is. */
const publish = <C extends ChannelContract, T extends EventType<C>>(
  contract: C,
  params: ParamsOf<C>,
  type: T,
  content: EventData<C, T>,
) => [contract, params, type, content];
const subscribe = <C extends ChannelContract, T extends EventType<C>>(
  contract: C,
  params: ParamsOf<C>,
  type: T,
  listener: (content: EventData<C, T>) => void,
) => [contract, params, type, listener];
const send = <C extends CommandContract>(contract: C, input: CommandInput<C>, result?: CommandResult<C>) =>
  [contract, input].length > 0 ? result : undefined;

describe('types of a channel contract', () => {
  it('infer parameters, event names and data', () => {
    expectTypeOf<ParamsOf<typeof desk>>().toEqualTypeOf<{ readonly airport: string }>();
    expectTypeOf<EventType<typeof desk>>().toEqualTypeOf<'departure.recorded' | 'desk.closed'>();
    expectTypeOf<EventData<typeof desk, 'departure.recorded'>>().toEqualTypeOf<Departure>();
    expectTypeOf<(typeof desk)['delivery']>().toEqualTypeOf<'durable'>();
    expectTypeOf<ParamsOf<typeof news>>().toEqualTypeOf<{}>();
    expect(desk.delivery).toBe('durable');
  });

  it('hold for publishing', () => {
    publish(desk, { airport: 'SFO' }, 'departure.recorded', { flight: 1 });
    publish(news, {}, 'news.flashed', 'hello');
    // @ts-expect-error no such event
    publish(desk, { airport: 'SFO' }, 'departure.forgotten', { flight: 1 });
    // @ts-expect-error the data of another event
    publish(desk, { airport: 'SFO' }, 'departure.recorded', { reason: 'late' });
    // @ts-expect-error a field of another type
    publish(desk, { airport: 'SFO' }, 'departure.recorded', { flight: '1' });
    // @ts-expect-error a parameter is missing
    publish(desk, {}, 'departure.recorded', { flight: 1 });
    // @ts-expect-error a parameter of another name
    publish(desk, { port: 'SFO' }, 'departure.recorded', { flight: 1 });
    // @ts-expect-error a parameter of another type
    expect(publish(desk, { airport: 1 }, 'departure.recorded', { flight: 1 })).toHaveLength(4);
  });

  it('hold for subscribing', () => {
    subscribe(desk, { airport: 'SFO' }, 'departure.recorded', (content) => {
      expectTypeOf(content).toEqualTypeOf<Departure>();
    });
    // @ts-expect-error no such event
    subscribe(desk, { airport: 'SFO' }, 'departure.forgotten', () => {});
    // @ts-expect-error a parameter is missing
    subscribe(desk, {}, 'departure.recorded', () => {});
    // @ts-expect-error the data of another event
    expect(subscribe(desk, { airport: 'SFO' }, 'departure.recorded', (one: { reason: string }) => one)).toHaveLength(4);
  });

  it('hold for declaring', () => {
    // @ts-expect-error delivery is chosen, never defaulted
    expect(defineChannel('a', { events: {} }).delivery).toBeUndefined();
    // @ts-expect-error no such delivery
    expect(defineChannel('a', { delivery: 'queued', events: {} }).delivery).toBe('queued');
    // @ts-expect-error what a subscription tells of itself
    expect(() => defineChannel('a', { delivery: 'live', events: { error: event<string>() } })).toThrow(TypeError);
  });
});

describe('types of a command contract', () => {
  it('infer input and result', () => {
    expectTypeOf<CommandInput<typeof record>>().toEqualTypeOf<Departure>();
    expectTypeOf<CommandResult<typeof record>>().toEqualTypeOf<{ id: number }>();
    expectTypeOf<CommandInput<typeof ping>>().toEqualTypeOf<void>();
    expect(record.name).toBe('departure.record');
  });

  it('hold for sending', () => {
    expectTypeOf(send(record, { flight: 1 })).toEqualTypeOf<{ id: number } | undefined>();
    // @ts-expect-error a field of another type
    send(record, { flight: 'one' });
    // @ts-expect-error a field is missing
    send(record, {});
    // @ts-expect-error the result has no such field
    expect(send(record, { flight: 1 })?.flight).toBeUndefined();
  });
});
