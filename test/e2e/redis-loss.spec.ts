import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { board, postNote } from '../apps/notes/contracts.js';
import { serviceAddress } from '../support/service-address.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { LobbyGuest } from './support/lobby-guest.js';
import { total } from './support/metrics.js';
import type { NotesNode } from './support/notes-node.js';
import { adminKey, askAsOperator } from './support/operator.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

/** How late an event of another node may be while Redis does not bring it, in ms. */
const LATE_MS = 1_500;
const NOTICED_MS = 10_000;
const CONNECTIONS = 'realtime_redis_up_connections';
const CONNECTIONS_OF_BOTH = 4;

let stage: Stage;
let other: NotesNode;
let network: TcpProxy;
let far: JournalKeeper;
const guests: LobbyGuest[] = [];
const redisPort = (): number => Number(new URL(serviceAddress('REDIS_URL')).port);

beforeAll(async () => {
  network = await TcpProxy.listen(redisPort());
  stage = await Stage.set({ redis: { url: network.url.replace('http', 'redis') }, adminKey });
  other = await stage.joinNode();
  far = new JournalKeeper('far', stage.client('far', { url: other.url }).subscribe(board, { name: 'red' }));
  await until('it is subscribed', () => far.subscription.state === 'subscribed');
  await connected(2);
});
afterEach(async () => {
  for (const guest of guests.splice(0)) guest.leave();
  network.target = redisPort();
  network.cut();
  // Right after the cut a node may not know yet that it lost them.
  await until('both nodes have come back', () => network.open === CONNECTIONS_OF_BOTH);
  await connected(2);
});
afterAll(async () => {
  await stage.clear();
  await network.close();
});

async function connected(count: number): Promise<number> {
  const tookMs = [stage.node, other].map((node) =>
    until(`it has ${count} connections to Redis`, async () => total(await node.metrics(), CONNECTIONS) === count),
  );
  return Math.max(...(await Promise.all(tookMs)));
}

/** How long events take from their answer on one node to a subscriber on the other, the longest of some. */
async function lateness(count: number): Promise<number> {
  const writer = stage.client('ada', { url: stage.node.url });
  let longestMs = 0;
  for (let sent = 0; sent < count; sent++) {
    const { offset } = await writer.send(postNote, { board: 'red', text: `${sent}` });
    longestMs = Math.max(longestMs, await until('it is there', () => far.offset >= offset));
  }
  writer.close();
  return Math.round(longestMs);
}

async function visit(node: NotesNode, room: string): Promise<LobbyGuest> {
  const guest = await LobbyGuest.at(node.url, room);
  guests.push(guest);
  return guest;
}

it('delivers a little later while nobody can connect to Redis, and as before when it is back', async () => {
  const before = await lateness(5);
  network.target = undefined;
  network.cut();
  await connected(0);
  const away = await lateness(10);
  for (const node of [stage.node, other]) expect([await node.readiness(), await node.liveness()]).toEqual([200, 200]);
  for (const node of [stage.node, other]) {
    expect(await askAsOperator(node, 'health/details')).toMatchObject({
      body: {
        status: 'ok',
        details: { stream: { status: 'up' }, hub: { state: 'ready' }, redis: { status: 'up', state: 'degraded' } },
      },
    });
    expect(await askAsOperator(node, 'admin/realtime/nodes')).toMatchObject({
      body: { nodes: [{ redis: 'down', subscriptions: node === other ? 1 : 0 }], complete: false },
    });
  }
  network.target = redisPort();
  const backMs = Math.round(await connected(2));
  await until('it is as quick again', async () => (await lateness(3)) < 200);
  console.log('redis away:', JSON.stringify({ beforeMs: before, awayMs: away, backMs }));
  expect(before).toBeLessThan(500);
  expect(away).toBeGreaterThan(before);
  expect(away).toBeLessThan(LATE_MS);
});

it('delivers a little later while Redis is silent, and notices that within ten seconds', async () => {
  const silent = network.swallow();
  expect(silent).toBe(CONNECTIONS_OF_BOTH);
  const lateMs = await lateness(5);
  const noticedMs = Math.round(
    await until('it is given up', async () => (await silentlyLost()) === silent, NOTICED_MS),
  );
  await connected(2);
  console.log('redis silent:', JSON.stringify({ lateMs, noticedMs }));
  expect(lateMs).toBeLessThan(LATE_MS);
});

it('keeps the rooms of its own node working without Redis, and hangs for nobody', async () => {
  const [near, nearToo, farther] = await Promise.all([
    visit(stage.node, 'a'),
    visit(stage.node, 'a'),
    visit(other, 'a'),
  ]);
  network.target = undefined;
  network.cut();
  await connected(0);
  await near.ask('call', { room: 'a', text: 'hello' });
  await until('the near ones are called', () => near.called.length + nearToo.called.length === 2);
  const askedAt = performance.now();
  expect(await near.ask('count', 'a')).toEqual({});
  expect(performance.now() - askedAt).toBeLessThan(1_000);
  await near.ask('gather', { from: 'a', into: 'b' });
  await near.ask('call', { room: 'b', text: 'gathered' });
  await until('they have moved', () => near.called.length + nearToo.called.length === 4);
  await near.ask('expel', 'b').catch(() => {});
  await until('they are gone', () => !near.isConnected && !nearToo.isConnected);
  expect([farther.isConnected, farther.called]).toEqual([true, []]);
  expect(total(await stage.node.metrics(), 'realtime_session_room_messages_lost_total')).toBeGreaterThan(0);
});

async function silentlyLost(): Promise<number> {
  const metrics = await Promise.all([stage.node, other].map((node) => node.metrics()));
  const lost = metrics.flatMap((values) => [...values]).filter(([key]) => /connections_lost.*silent/.test(key));
  return lost.reduce((sum, [, count]) => sum + count, 0);
}
