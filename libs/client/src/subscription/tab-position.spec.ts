import { expect, it } from 'vitest';
import { createClient, defineChannel, event, type PositionStorage, type TabStore } from '../index.js';
import { FakeLog, FakeServer } from '../testing/index.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<number>() } });

/** As `localStorage` is: one for all tabs. */
const shared = () => {
  const kept = new Map<string, string>();
  const storage: PositionStorage = { get: (channel) => kept.get(channel), set: (channel, at) => kept.set(channel, at) };
  return { kept, storage };
};

/** As `sessionStorage` is: it stays over a reload, and a duplicated tab gets a copy. */
class Session implements TabStore {
  readonly items: Map<string, string>;
  constructor(copied?: Session) {
    this.items = new Map(copied?.items);
  }
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
}

const log = () => new FakeLog('desk.SFO');

/** One life of a tab: from a load of its page to the next. */
async function load(
  events: FakeLog,
  { storage, session, subject = 'ada' }: { storage: PositionStorage; session?: Session | undefined; subject?: string },
) {
  const server = new FakeServer();
  server.subject = subject;
  const client = createClient({
    ...server.options,
    storage,
    environment: { ...server.options.environment, tabStore: () => session },
  });
  const seen: unknown[] = [];
  const sub = client.subscribe(desk, { airport: 'SFO' });
  sub.on('a.b', (n) => seen.push(n));
  sub.on('discontinuity', ({ reason }) => seen.push(reason));
  await server.settle();
  server.answerSubscribe((item) => events.answer(item));
  const publish = (n: number): void => server.link.events(events.publish('a.b', n));
  return { client, server, seen, publish };
}

it('a tab that was cut off and is reloaded gets what only another tab was shown', async () => {
  const events = log();
  const { storage } = shared();
  const [ours, theirs] = [new Session(), new Session()];
  const first = await load(events, { storage, session: ours });
  first.publish(1);
  first.client.close();
  const other = await load(events, { storage, session: theirs });
  other.publish(2);
  other.publish(3);

  expect((await load(events, { storage, session: ours })).seen).toEqual([2, 3]);
  expect((await load(events, { storage, session: theirs })).seen).toEqual([]);
});

it('a duplicated tab goes on where its copy stood, and the original where it stands', async () => {
  const events = log();
  const { storage } = shared();
  const session = new Session();
  const original = await load(events, { storage, session });
  original.publish(1);
  const copy = new Session(session);
  original.publish(2);
  original.publish(3);
  original.client.close();

  expect((await load(events, { storage, session: copy })).seen).toEqual([2, 3]);
  events.publish('a.b', 4);
  expect((await load(events, { storage, session })).seen).toEqual([4]);
});

it('a tab that was opened begins where the last one wrote, and is behind that on its own from then on', async () => {
  const events = log();
  const { storage } = shared();
  const first = await load(events, { storage, session: new Session() });
  first.publish(1);
  const opened = new Session();
  const second = await load(events, { storage, session: opened });
  second.client.close();
  first.publish(2);
  expect(second.seen).toEqual([]);
  expect((await load(events, { storage, session: opened })).seen).toEqual([2]);
});

it('an application that kept less than it was shown is given the rest again', async () => {
  const events = log();
  const { kept, storage } = shared();
  const session = new Session();
  const first = await load(events, { storage, session });
  for (const n of [1, 2, 3]) first.publish(n);
  kept.set('desk.SFO', events.positionAt(1));
  expect((await load(events, { storage, session })).seen).toEqual([2, 3]);
  kept.clear();
  expect((await load(events, { storage, session })).seen).toEqual([]);
});

it('a position that cannot be compared with that of the tab is no position', async () => {
  const events = log();
  const { storage } = shared();
  const [ours, theirs] = [new Session(), new Session()];
  (await load(events, { storage, session: ours })).publish(1);
  events.restart();
  (await load(events, { storage, session: theirs })).publish(2);
  expect((await load(events, { storage, session: ours })).seen).toEqual(['mismatch']);
});

it('a position that another user of another tab left there hides nothing', async () => {
  const events = log();
  const { storage } = shared();
  const session = new Session();
  const first = await load(events, { storage, session });
  first.publish(1);
  first.client.close();
  const other = await load(events, { storage, session: new Session(), subject: 'bob' });
  other.publish(2);
  expect((await load(events, { storage, session })).seen).toEqual([2]);
});

it('a tab that may keep nothing has the storage alone', async () => {
  const events = log();
  const { storage } = shared();
  const session = new Session();
  session.setItem = session.getItem = () => {
    throw new Error('denied');
  };
  const first = await load(events, { storage, session });
  first.publish(1);
  first.client.close();
  events.publish('a.b', 2);
  const again = await load(events, { storage, session });
  expect([again.seen, again.server.reported]).toEqual([[2], []]);
});
