import { expect, it } from 'vitest';
import { createClient, defineChannel, event } from '../index.js';
import { FakeLog, FakeServer } from '../testing/index.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<number>() } });

it.each(['a.c', 'toString', '__proto__', ''])('`on` refuses the name %j, and says which there are', (name) => {
  const subscription = createClient(new FakeServer().options).subscribe(desk, { airport: 'SFO' });
  const wanted = {
    name: 'RealtimeError',
    code: 'EVENT_INVALID',
    message: expect.stringMatching(/a\.b.*discontinuity/) as unknown,
  };
  expect(() => subscription.on(name as 'a.b', () => {})).toThrow(expect.objectContaining(wanted));
  for (const good of ['a.b', 'discontinuity', 'recovered', 'error', 'state'] as const) {
    expect(() => subscription.on(good as 'a.b', () => {})).not.toThrow();
  }
});

it.each<[string, (works: boolean) => unknown]>([
  ['throws', (works) => (works ? undefined : fail())],
  ['rejects', (works) => (works ? Promise.resolve() : Promise.reject(new Error('full')))],
])('a storage that %s is reported once, and again after it worked', async (_how, set) => {
  let works = false;
  const server = new FakeServer();
  const log = new FakeLog('desk.SFO');
  createClient({ ...server.options, storage: { get: () => null, set: () => set(works) } }).subscribe(desk, {
    airport: 'SFO',
  });
  await server.settle();
  server.answerSubscribe((item) => log.answer(item));
  const publish = async (count: number) => {
    for (let n = 0; n < count; n++) {
      server.link.events(log.publish('a.b', n));
      await server.settle();
    }
  };
  await publish(10);
  expect(server.reported).toHaveLength(1);
  works = true;
  await publish(2);
  works = false;
  await publish(10);
  expect(server.reported).toHaveLength(2);
});

function fail(): never {
  throw new Error('full');
}
