import { createClient, type Client } from '@millrace/client';
import { FakeServer } from '@millrace/client/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SEEN_EVERY_MS } from '../model/viewer-list.js';
import { ViewersWatch } from './viewers-watch.js';

let server: FakeServer;
let client: Client;
let watch: ViewersWatch;
let told: string;

beforeEach(async () => {
  server = new FakeServer();
  client = createClient(server.options);
  told = '';
  const { after, now } = server.clock;
  const every = (intervalMs: number, task: () => void): (() => void) => {
    const again = (): (() => void) =>
      after(intervalMs, () => {
        cancel = again();
        task();
      });
    let cancel = again();
    return () => cancel();
  };
  watch = new ViewersWatch({
    client,
    airport: 'SFO',
    me: 'Ada',
    now,
    every,
    onChange: (names) => {
      told = names.join(', ');
    },
  });
  await server.settle();
  server.answerSubscribe(({ sid }) => ({ sid, outcome: 'live' }));
  await server.settle();
});

afterEach(() => {
  watch.close();
  client.close();
  if (server.clock.pending > 0 || server.reported.length > 0) throw new Error('Timers or reports are left');
});

const see = (name: string): void =>
  server.link.live({
    channel: 'viewers.SFO',
    events: [{ id: name, type: 'viewer.seen', time: 0, data: JSON.stringify({ name }) }],
  });

it('says that we look, at once and again and again', async () => {
  expect(server.expectCommand().body).toMatchObject({ name: 'board.view', data: { airport: 'SFO' } });
  expect(() => server.expectCommand()).toThrow('waiting: nothing');
  await server.clock.advance(SEEN_EVERY_MS);
  expect(server.expectCommand().body).toMatchObject({ name: 'board.view' });
});

it('says nothing while there is no connection', async () => {
  server.expectCommand().answer();
  client.disconnect();
  await server.clock.advance(10 * SEEN_EVERY_MS);
  client.connect();
  await server.settle();
  server.answerSubscribe(({ sid }) => ({ sid, outcome: 'live' }));
  await server.settle();
  server.expectCommand().answer();
  expect(() => server.expectCommand()).toThrow('waiting: nothing');
});

it('tells who else looks, until they are not seen any more', async () => {
  see('Ada');
  expect(told).toBe('');
  see('Eve');
  see('Bob');
  expect(told).toBe('Bob, Eve');
  await server.clock.advance(2 * SEEN_EVERY_MS);
  see('Eve');
  await server.clock.advance(SEEN_EVERY_MS);
  expect(told).toBe('Eve');
});
