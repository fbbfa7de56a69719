import { PROTOCOL_VERSION } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { board, postNote, startTyping, typing } from '../apps/notes/contracts.js';
import { serviceAddress } from '../support/service-address.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { LobbyGuest } from './support/lobby-guest.js';
import { total } from './support/metrics.js';
import { nextProtocol, type NotesNode } from './support/notes-node.js';
import { RawSession } from './support/raw-session.js';
import { Stage } from './support/stage.js';
import { signToken } from './support/tokens.js';
import { until } from './support/until.js';

const redis = () => ({ url: serviceAddress('REDIS_URL') });

async function connected(...nodes: readonly NotesNode[]): Promise<void> {
  for (const node of nodes) {
    await until('Redis is there', async () => total(await node.metrics(), 'realtime_redis_up_connections') === 2);
  }
}

/** Who hears what is said on one node: a reader of a board, one of who types, and a guest of the lobby. */
class Listener {
  readonly typing: string[] = [];

  private constructor(
    readonly keeper: JournalKeeper,
    readonly guest: LobbyGuest,
  ) {}

  static async at(stage: Stage, node: NotesNode): Promise<Listener> {
    const client = stage.client('reader', { url: node.url });
    const keeper = new JournalKeeper('reader', client.subscribe(board, { name: 'red' }));
    const typists = client.subscribe(typing, { name: 'red' });
    const listener = new Listener(keeper, await LobbyGuest.at(node.url, 'hall'));
    typists.on('typing.started', ({ author }) => listener.typing.push(author));
    await until('it is subscribed', () => keeper.subscription.state === 'subscribed' && typists.state === 'subscribed');
    return listener;
  }

  /** Events, live events and calls come over connections of their own, so none of them tells that another is there. */
  async heardOf(speakers: number): Promise<void> {
    await until(`all three of ${speakers} speakers are heard`, () =>
      [this.keeper.events, this.typing, this.guest.called].every(({ length }) => length >= speakers),
    );
  }

  get heard(): object {
    return { events: this.keeper.events.length, typing: this.typing, called: this.guest.called };
  }
}

async function speak(stage: Stage, node: NotesNode, name: string): Promise<void> {
  const client = stage.client(name, { url: node.url });
  await client.send(startTyping, { board: 'red' });
  const guest = await LobbyGuest.at(node.url);
  await guest.ask('call', { room: 'hall', text: name });
  guest.leave();
  await client.send(postNote, { board: 'red', text: name });
  client.close();
}

describe('two installations on one Redis', () => {
  let stages: readonly [Stage, Stage];
  let listeners: Listener[];
  beforeAll(async () => {
    // Events come by Redis or not at all within this test.
    const settings = { redis: redis(), options: { hub: { digestIntervalMs: 60_000 } } };
    stages = await Promise.all([Stage.set(settings), Stage.set(settings)]);
    const [mine, theirs] = stages;
    const other = await mine.joinNode();
    await connected(mine.node, other, theirs.node);
    listeners = [await Listener.at(mine, other), await Listener.at(theirs, theirs.node)];
  });
  afterAll(async () => {
    for (const { guest } of listeners) guest.leave();
    await Promise.all(stages.map((stage) => stage.clear()));
  });

  it('never hear of each other: no event, no live event, no room', async () => {
    const [mine, theirs] = stages;
    await speak(mine, mine.node, 'ada');
    await listeners[0]?.heardOf(1);
    await speak(theirs, theirs.node, 'eve');
    await listeners[1]?.heardOf(1);
    await speak(mine, mine.node, 'bob');
    await listeners[0]?.heardOf(2);
    expect(listeners.map(({ heard }) => heard)).toEqual([
      { events: 2, typing: ['ada', 'bob'], called: ['ada', 'bob'] },
      { events: 1, typing: ['eve'], called: ['eve'] },
    ]);
    expect(total(await theirs.node.metrics(), 'realtime_broker_batches_delivered_total{from="other"}')).toBe(0);
  });
});

describe('two nodes on different versions of the wire protocol', () => {
  let stage: Stage;
  let next: NotesNode;
  beforeAll(async () => {
    stage = await Stage.set({ redis: redis() });
    next = await stage.joinNode({}, nextProtocol);
    await connected(stage.node, next);
  });
  afterAll(() => stage.clear());

  const open = async (node: NotesNode, version: number): Promise<RawSession> =>
    RawSession.open(node.url, RawSession.auth(await signToken(stage.secret, 'reader'), version));

  it('refuse each other’s clients with a code, and take their own', async () => {
    const refused = { message: expect.any(String), data: { code: 'PROTOCOL_UNSUPPORTED', retry: 'never' } };
    await expect(open(stage.node, PROTOCOL_VERSION + 1)).rejects.toMatchObject(refused);
    await expect(open(next, PROTOCOL_VERSION)).rejects.toMatchObject(refused);
    for (const session of [await open(stage.node, PROTOCOL_VERSION), await open(next, PROTOCOL_VERSION + 1)]) {
      session.close();
    }
  });

  it('tell it to the SDK, which says so and does not try again by itself', async () => {
    const client = stage.client('reader', { url: next.url, refusalPatienceMs: 500 });
    client.connect();
    await until('it is refused', () => client.state.kind === 'disconnected');
    expect(client.state).toMatchObject({ kind: 'disconnected', error: { code: 'PROTOCOL_UNSUPPORTED' } });
    await expect(client.send(postNote, { board: 'red', text: 'x' })).rejects.toMatchObject({
      code: 'PROTOCOL_UNSUPPORTED',
      outcome: 'not-applied',
    });
  });

  it('share the log and the rooms of the application, and send each other’s clients no frames', async () => {
    const listener = await Listener.at(stage, stage.node);
    const newer = await open(next, PROTOCOL_VERSION + 1);
    const channels = ['typing.red', 'board.red'];
    const items = channels.map((channel, sid) => ({ sid, channel }));
    await newer.ask('subscribe', { items });
    await speak(stage, stage.node, 'ada');
    await until('the newer node has the event', () => newer.frames.some(({ name }) => name === 'events'));
    await listener.heardOf(1);
    expect(listener.heard).toEqual({ events: 1, typing: ['ada'], called: ['ada'] });
    expect(newer.frames.filter(({ name }) => name === 'live')).toEqual([]);
    newer.close();
    listener.guest.leave();
  });
});
