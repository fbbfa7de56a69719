import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ConnectionState } from '@millrace/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { board, brewNote, writeNote } from '../apps/notes/contracts.js';
import { cleanCommands } from './support/command-check.js';
import { cleanJournals } from './support/journal-check.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { judgeRun } from './support/judge-run.js';
import { LoadBalancer } from './support/load-balancer.js';
import { Load } from './support/load.js';
import { total } from './support/metrics.js';
import type { NotesNode } from './support/notes-node.js';
import { RawSession } from './support/raw-session.js';
import { Stage } from './support/stage.js';
import { signToken } from './support/tokens.js';
import { until } from './support/until.js';

const CLIENTS = 30;
/** Longer than the load balancer needs to see that a node is not ready, or it would have nothing to cut. */
const drainSpreadMs = 4_000;
/** So that nothing crosses an idle connection for longer than the timeouts of plain HTTP are. */
const heartbeatIntervalMs = 40_000;
const session = { drainSpreadMs, drainTimeoutMs: 4_000, heartbeatIntervalMs };

interface Reader {
  readonly client: Client;
  readonly states: ConnectionState[];
  readonly keeper: JournalKeeper;
}

let stage: Stage;
let nodes: NotesNode[];
let balancer: LoadBalancer;
let readers: Reader[];
let load: Load;
/** A client of the last node alone, which stays to the end, and what it was told. */
let idle: {
  readonly balancer: LoadBalancer;
  readonly client: Client;
  readonly states: string[];
  readonly since: number;
};

beforeAll(async () => {
  stage = await Stage.set({ options: { session } });
  nodes = [stage.node, await stage.startNode(), await stage.startNode()];
  balancer = await LoadBalancer.start(nodes.map(({ port }) => port));
  idle = await beIdle();
  readers = Array.from({ length: CLIENTS }, (_, index) => read(`reader-${index}`));
  await until('all are subscribed', everybodyIsThere, 20_000);
  load = new Load({ boards: ['red', 'blue'], pauseMs: 100 });
});

afterAll(async () => {
  await stage.clear();
  await Promise.all([balancer.stop(), idle.balancer.stop()]);
});

function read(name: string): Reader {
  const client = stage.client(name, { url: balancer.url });
  const states: ConnectionState[] = [];
  client.onState((state) => states.push(state));
  const subscription = client.subscribe(board, { name: name.endsWith('0') ? 'blue' : 'red' });
  return { client, states, keeper: new JournalKeeper(name, subscription) };
}

async function beIdle(): Promise<typeof idle> {
  const own = await LoadBalancer.start([nodes[2]!.port]);
  const client = stage.client('idle', { url: own.url });
  const states: string[] = [];
  client.onState(({ kind }) => states.push(kind));
  client.connect();
  await until('it is connected', () => client.state.kind === 'connected');
  return { balancer: own, client, states, since: performance.now() };
}

const everybodyIsThere = (): boolean =>
  readers.every(
    ({ client, keeper }) => client.state.kind === 'connected' && keeper.subscription.state === 'subscribed',
  );

const sessionsOf = async (node: NotesNode): Promise<number> =>
  total(await node.metrics(), 'realtime_session_open_sessions');

/** What follows one state directly, over all readers: `draining > connecting`. */
const steps = (): string[] =>
  readers.flatMap(({ states }) => states.slice(1).map(({ kind }, index) => `${states[index]?.kind} > ${kind}`));

/** How often each of them occurs. */
function count(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

it('takes websockets only, hides what nobody guards, and spreads the clients', async () => {
  const ask = async (path: string): Promise<number> => (await fetch(`${balancer.url}${path}`)).status;
  expect(await ask('/realtime/?EIO=4&transport=polling')).toBe(400);
  expect(await Promise.all(['/health/live', '/health/ready', '/metrics', '/METRICS/'].map(ask))).toEqual(
    Array.from({ length: 4 }, () => 404),
  );
  const spread = await Promise.all(nodes.map(sessionsOf));
  console.log('load balancer, sessions of each node:', spread.join(', '));
  // The one that is idle came to the last node by another way.
  for (const sessions of spread) expect(Math.abs(sessions - CLIENTS / nodes.length)).toBeLessThanOrEqual(2);
});

it('keeps the host, so that pages which the nodes serve may connect, also where TLS ends before them', async () => {
  const auth = RawSession.auth(await signToken(stage.secret, 'page'));
  for (const origin of [balancer.url, balancer.url.replace('http:', 'https:')]) {
    (await RawSession.open(balancer.url, auth, { origin })).close();
  }
  await expect(RawSession.open(balancer.url, auth, { origin: 'https://evil.example' })).rejects.toThrow(
    'websocket error',
  );
});

it('sends nobody to a node that drains, and leaves its sessions to go by themselves', async () => {
  const [leaving] = nodes as [NotesNode];
  const itsSessions = await sessionsOf(leaving);
  for (const { states } of readers) states.splice(0, states.length - 1);
  for (const { client } of readers.slice(0, 10)) load.add(client);
  await load.progress(20);
  // Under way on every node, and longer than it takes to see that one is not ready.
  const slow = readers.map(({ client }) => client.send(brewNote, { board: 'green', text: 'slow', forMs: 2_500 }));
  await sleep(200);

  leaving.signal('SIGTERM');
  await until('it is taken out', () => balancer.output.includes('Server nodes/node-1 is DOWN'), 3_000);
  expect(balancer.output).toMatch(/node-1 is DOWN, reason: Layer7 wrong status, code: 503/);
  const answered = await Promise.allSettled(slow);
  const { signal } = await leaving.exited;
  await until('all are back', everybodyIsThere, 20_000);

  const heard = readers.filter(({ states }) => states.some(({ kind }) => kind === 'draining'));
  console.log(
    'load balancer, drain:',
    heard.length,
    'of',
    itsSessions,
    'sessions heard of it;',
    JSON.stringify(count(steps())),
  );
  expect(signal).toBe('SIGTERM');
  expect(heard).toHaveLength(itsSessions);
  expect(steps().filter((step) => step === 'draining > connecting')).toHaveLength(itsSessions);
  expect(steps()).not.toContain('draining > reconnecting');
  expect(steps()).not.toContain('connected > reconnecting');
  expect(answered.filter(({ status }) => status === 'rejected')).toEqual([]);
});

it('takes a killed node out, and its clients come back elsewhere at the first try', async () => {
  const [, killed, last] = nodes as [NotesNode, NotesNode, NotesNode];
  for (const { states } of readers) states.splice(0, states.length - 1);
  const itsSessions = await sessionsOf(killed);
  expect(itsSessions).toBeGreaterThan(5);
  await load.progress(20);
  await killed.kill();
  const lost = (): number => steps().filter((step) => step === 'connected > reconnecting').length;
  await until('its clients have noticed', () => lost() >= itsSessions);
  await until('all are back', everybodyIsThere, 20_000);
  expect(lost()).toBe(itsSessions);
  expect(steps()).not.toContain('connecting > reconnecting');
  expect(await sessionsOf(last)).toBe(CLIENTS + 1);
});

it('repeats elsewhere what a dying node has taken and not answered, unless it may have done something', async () => {
  const asked: string[] = [];
  // The kernel takes connections for a killed process until it gets to its listening socket: that of sessions may be first.
  const dying = createServer(({ method, url }, response) => {
    if (url === '/health/ready') return response.end();
    asked.push(`${method} ${url}`);
    return response.destroy();
  });
  dying.on('upgrade', (_, socket) => {
    asked.push('a session');
    socket.destroy();
  });
  dying.listen(0, '127.0.0.1');
  await once(dying, 'listening');
  const { port } = nodes[2]!;
  // Three, or the place that is left would refuse connections until the first check.
  const before = await LoadBalancer.start([(dying.address() as AddressInfo).port, port, port]);
  try {
    const clients = ['one', 'two', 'three'].map((name) => stage.client(name, { url: before.url }));
    const states = clients.map((client) => {
      const kinds: string[] = [];
      client.onState(({ kind }) => kinds.push(kind));
      client.connect();
      return kinds;
    });
    await until('all are connected', () => clients.every(({ state }) => state.kind === 'connected'));
    expect(asked).toContain('a session');
    expect(states).toEqual(clients.map(() => ['connecting', 'connected']));
    const order = fetch(`${before.url}/orders`, { method: 'POST', body: '{}' });
    // On a connection that was used before, HAProxy passes the end on instead of an answer.
    const answer = await order.then(({ status }) => status).catch(() => 'the end');
    expect([502, 'the end']).toContain(answer);
    expect(asked.filter((one) => one !== 'a session')).toEqual(['POST /orders']);
    for (const client of clients) client.close();
  } finally {
    await before.stop();
    dying.close();
    dying.closeAllConnections();
  }
});

it('may die itself, and over all of this nobody loses anything', async () => {
  const [, , last] = nodes as [NotesNode, NotesNode, NotesNode];
  await load.progress(20);
  await balancer.kill();
  await until('all have noticed', () => readers.every(({ client }) => client.state.kind !== 'connected'));
  const another = await stage.startNode();
  await balancer.restart([another.port, last.port]);
  await until('all are back', everybodyIsThere, 20_000);
  await load.progress(20);
  await load.stop();

  expect(await Promise.all([another, last].map(sessionsOf))).toEqual([CLIENTS / 2, CLIENTS / 2 + 1]);
  const keepers = readers.map(({ keeper }) => keeper);
  const { journals, commands } = await judgeRun({ sql: stage.sql, keepers, load });
  console.log('load balancer:', JSON.stringify({ journals, commands }));
  expect(journals).toMatchObject(cleanJournals);
  expect(journals.handed).toBe(journals.owed);
  expect(journals.owed).toBeGreaterThan(300);
  expect(commands).toMatchObject({ ...cleanCommands, commands: load.sent });
});

it('keeps an idle connection longer than it waits for plain HTTP', async () => {
  const configuration = readFileSync('deploy/haproxy.cfg', 'utf8');
  const timeouts = Array.from(
    configuration.matchAll(/timeout (?:client|server) (\d+)s/g),
    ([, s]) => Number(s) * 1_000,
  );
  expect(timeouts).toHaveLength(2);
  const idleForMs = Math.max(...timeouts) + 1_000;
  expect(idleForMs).toBeLessThan(heartbeatIntervalMs);
  await sleep(Math.max(0, idle.since + idleForMs - performance.now()));
  expect(idle.states).toEqual(['connecting', 'connected']);
  await expect(idle.client.send(writeNote, { board: 'red', text: 'still here' })).resolves.toHaveProperty('event');
});
