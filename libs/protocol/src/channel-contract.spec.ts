import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelName, defineChannel, event, isChannelName, matchChannel, type ChannelName } from './index.js';

const gate = defineChannel('gate.:airport.:number', {
  delivery: 'durable',
  events: { 'gate.opened': event<string>() },
});
const news = defineChannel('news', { delivery: 'live', events: {} });
const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);

describe('a channel contract', () => {
  it('keeps what it was declared with', () => {
    expect(gate).toEqual({ pattern: 'gate.:airport.:number', delivery: 'durable', events: { 'gate.opened': {} } });
  });

  it.each(['', 'a..b', 'a b', 'desk.:', 'desk.*', '.a', 'de:sk', 'desk.::a', 'desk.:a:b'])(
    'is not declared by %j',
    (pattern) => {
      expect(() => defineChannel(pattern, { delivery: 'live', events: {} })).toThrow(TypeError);
    },
  );

  it.each(['discontinuity', 'recovered', 'error', 'state'])(
    'calls no event %j, which a subscription says itself',
    (type) => {
      expect(() => defineChannel('a', { delivery: 'live', events: { [type]: event() } })).toThrow(type);
    },
  );

  it('names no parameter twice', () => {
    expect(() => defineChannel(':a.:a', { delivery: 'live', events: {} })).toThrow(/twice/);
  });

  it('names a channel and knows it again', () => {
    fc.assert(
      fc.property(segment, segment, (airport, number) => {
        const name = channelName(gate, { airport, number });
        expect(isChannelName(name)).toBe(true);
        expect(name).toBe(`gate.${airport}.${number}`);
        expect(matchChannel(gate, name)).toEqual({ airport, number });
      }),
    );
  });

  it('names the only channel of a pattern without parameters', () => {
    expect(channelName(news, {})).toBe('news');
    expect(matchChannel(news, 'news' as ChannelName)).toEqual({});
  });

  it.each(['', 'a.b', 'a b', '*', 'ä', undefined, 7, '__proto__.x'])('takes no %j as a parameter', (airport) => {
    expect(() => channelName(gate, { airport: airport as string, number: '1' })).toThrow(TypeError);
  });

  it('does not make names that are too long', () => {
    expect(() => channelName(gate, { airport: 'a'.repeat(200), number: 'b'.repeat(200) })).toThrow(/too long/);
  });

  it('is not declared, named or matched where the nodes have their own channels', () => {
    for (const pattern of ['_millrace', '_millrace.access', '_millrace.:what']) {
      expect(() => defineChannel(pattern, { delivery: 'durable', events: {} })).toThrow(/_millrace/);
    }
    const anyone = defineChannel(':tenant.access', { delivery: 'durable', events: {} });
    const alone = defineChannel(':tenant', { delivery: 'live', events: {} });
    expect(() => channelName(anyone, { tenant: '_millrace' })).toThrow(TypeError);
    expect(() => channelName(alone, { tenant: '_millrace' })).toThrow(TypeError);
    expect(matchChannel(anyone, '_millrace.access' as ChannelName)).toBeUndefined();
    expect(channelName(anyone, { tenant: '_millrace-2' })).toBe('_millrace-2.access');
    expect(channelName(gate, { airport: '_millrace', number: '1' })).toBe('gate._millrace.1');
  });

  it.each(['gate.SFO', 'gate.SFO.1.x', 'door.SFO.1', 'news'])('does not take %s for its own', (name) => {
    expect(matchChannel(gate, name as ChannelName)).toBeUndefined();
  });
});
