import { defineChannel, event, type Offset } from '@millrace/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { ownChannel } from '../core/own-channels.js';
import { FakeClock } from '../core/testing/fake-clock.js';
import type { NewEvent } from '../core/stream-event.js';
import { ChannelPublisher, type PublishOptions } from './channel-publisher.js';
import { defaultStreamOptions } from './stream.options.js';
import { AmbientScope } from './transaction/ambient.js';

const notes = defineChannel('notes.:book', { delivery: 'durable', events: { 'note.written': event<unknown>() } });
const looks = defineChannel('looks.:book', { delivery: 'live', events: { 'book.opened': event<unknown>() } });

const accessChannel = ownChannel('_millrace.access', { 'access.revoked': event<unknown>() });

const stored: NewEvent[] = [];
const sent: unknown[] = [];
const statements: unknown[] = [];
const seeking: string[] = [];
const clock = new FakeClock();
const publisher = new ChannelPublisher({
  store: {
    stage: async (executor, { id }) => {
      await executor.query('stage', [id]);
      return 'staged';
    },
    staged: () => Promise.reject(new Error('Nothing is nested')),
  },
  sequencer: {
    publish: (given) => {
      stored.push(given);
      return Promise.resolve({ id: given.id, epoch: 'e' as never, offset: stored.length as Offset });
    },
    kick: () => {},
    seek: (ids) => void seeking.push(...ids),
  },
  ambient: new AmbientScope(),
  live: { live: (...given) => void sent.push(given) },
  ids: { next: () => 'id-1' },
  clock,
  options: defaultStreamOptions,
});
beforeEach(() => {
  for (const list of [stored, sent, statements, seeking]) list.splice(0);
});

const publish = (data: unknown, options?: PublishOptions) =>
  publisher.publish(notes, { book: 'red' }, 'note.written', data, options);
const tx = {
  query: (...statement: unknown[]) => {
    statements.push(statement);
    return Promise.resolve({ rowCount: 1 });
  },
};

describe('ChannelPublisher', () => {
  it('stores an event outside of transactions, without a cause when there is none', async () => {
    expect(await publish({ n: 1 }, { key: 'k' })).toEqual({ id: 'id-1', offset: 1 });
    expect(stored).toEqual([{ channel: 'notes.red', id: 'id-1', type: 'note.written', data: '{"n":1}', key: 'k' }]);
  });

  it('runs one statement in a transaction that is given, whatever that answers, and looks for the row', async () => {
    expect(await publish(1, { tx })).toEqual({ id: 'id-1' });
    expect([statements, seeking, stored]).toEqual([[['stage', ['id-1']]], ['id-1'], []]);
  });

  it('takes nothing for a channel of the nodes, whatever contract or parameter names it', async () => {
    const events = { 'access.revoked': event<unknown>() };
    const byParameter = defineChannel(':tenant.access', { delivery: 'durable', events });
    const byHand = { pattern: '_millrace.access', delivery: 'durable', events } as const;
    const byHandLive = { pattern: '_millrace', delivery: 'live', events } as const;
    const refused = { code: 'CHANNEL_INVALID' };
    await expect(publisher.publish(byParameter, { tenant: '_millrace' }, 'access.revoked', {})).rejects.toMatchObject(
      refused,
    );
    for (const contract of [byHand, byHandLive]) {
      await expect(publisher.publish(contract, {}, 'access.revoked', {})).rejects.toMatchObject(refused);
      await expect(publisher.publish(contract, {}, 'access.revoked', {}, { tx })).rejects.toMatchObject(refused);
    }
    expect([stored, sent, statements]).toEqual([[], [], []]);
    await publisher.publish(accessChannel, {}, 'access.revoked', { subject: 'ann' });
    expect(stored).toMatchObject([{ channel: '_millrace.access' }]);
  });

  it('sends live events at once outside of transactions', async () => {
    expect(await publisher.publish(looks, { book: 'red' }, 'book.opened', 1)).toEqual({ id: 'id-1' });
    expect(sent).toEqual([['looks.red', { id: 'id-1', type: 'book.opened', data: '1', time: clock.now() }]]);
  });

  it('refuses to make a live event wait for a commit that it cannot see', async () => {
    const refused = publisher.publish(looks, { book: 'red' }, 'book.opened', 1, { tx });
    await expect(refused).rejects.toThrow('cannot wait for the commit of a transaction of your own');
    expect([sent, statements]).toEqual([[], []]);
  });

  it.each([
    ['an unknown type', () => publisher.publish(notes, { book: 'red' }, 'toString' as never, 1 as never)],
    ['an empty key', () => publish(1, { key: '' })],
    ['a long key', () => publish(1, { key: 'k'.repeat(256) })],
    ['a key that PostgreSQL cannot store', () => publish(1, { key: 'a\0b' })],
    ['a key that would be stored as another one', () => publish(1, { key: 'a\ud800' })],
    ['data that is no JSON', () => publish(1n)],
  ])('refuses %s', async (_, refused) => {
    await expect(refused()).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    expect(stored).toEqual([]);
  });

  it.each(['', 'x'.repeat(256), 'ü'.repeat(128), 'a\0b', 'a\ud800b'])('refuses an event called %j', async (type) => {
    const odd = defineChannel('odd', { delivery: 'live', events: { [type]: event<number>() } });
    await expect(publisher.publish(odd, {}, type, 1)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    expect(sent).toEqual([]);
  });

  it.each([
    ['a text that is no segment', 'a b'],
    ['a text with a dot', 'a.b'],
    ['nothing', ''],
    ['a wildcard', '*'],
    ['a NUL', 'a\0'],
    ['half of a character', '\ud800'],
    ['a text that is too long', 'x'.repeat(256)],
    ['a number', 7],
    ['a list', ['red']],
    ['no value', undefined],
  ])('refuses %s as a parameter of the channel, and says which', async (_, book) => {
    for (const contract of [notes, looks]) {
      const type = contract === notes ? 'note.written' : 'book.opened';
      await expect(
        publisher.publish(contract, { book: book as string }, type as never, 1 as never),
      ).rejects.toMatchObject({
        code: 'CHANNEL_INVALID',
        detail: { details: [{ field: 'book' }] },
      });
    }
    expect([stored, sent]).toEqual([[], []]);
  });

  it('takes the longest key', async () => {
    expect(await publish(1, { key: '🛫' + 'ü'.repeat(253) })).toMatchObject({ offset: 1 });
  });
});
