import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import type pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createClient, type Client } from '@millrace/client';
import { desk } from '../../src/contracts/desk.contract.js';
import { readFlights } from '../../src/flights/flights.js';
import { firstOfDay } from '../../src/feed/first-of-day.js';
import { readLog } from '../support/departures-client.js';
import { DeparturesProcess } from '../support/departures-process.js';
import { createDatabase, openPool, type FreshDatabase } from '../support/fresh-database.js';
import { serviceAddress } from '../support/service-address.js';
import { LoadBalancer } from './support/load-balancer.js';
import { NotesNode } from './support/notes-node.js';
import { newSecret } from './support/tokens.js';
import { until } from './support/until.js';

const execute = promisify(execFile);
const NODES = 3;
const secrets = { JWT_SECRET: newSecret(), FEED_KEY: newSecret() };

let database: FreshDatabase;
let sql: pg.Pool;
/** Ends what the test has started. */
let cleanUps: (() => Promise<unknown>)[];

beforeEach(async () => {
  database = await createDatabase();
  sql = openPool(database.url);
  cleanUps = [];
});

afterEach(async () => {
  await Promise.all(cleanUps.map((cleanUp) => cleanUp()));
  await sql.end();
  await database.drop();
});

/**
 * Starts nodes that all come to what `statement` makes before one of them is through: somebody else has made it, and
 * takes it back only when all wait. Nodes that have no lock of their own then collide.
 */
async function startTogether<T>(statement: string, start: () => Promise<T>): Promise<T[]> {
  const other = await sql.connect();
  try {
    await other.query(`begin; ${statement}`);
    const started = Promise.all(Array.from({ length: NODES }, start));
    started.catch(() => {});
    await until('all wait', async () => (await waiting()) === NODES, 30_000);
    await other.query('rollback');
    return await started;
  } finally {
    other.release();
  }
}

async function waiting(): Promise<number> {
  const { rows } = await sql.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length;
}

const count = async (from: string): Promise<number> =>
  (await sql.query<{ count: number }>(`select count(*)::int as count from ${from}`)).rows[0]?.count ?? NaN;

async function startNode(): Promise<DeparturesProcess> {
  const env = { ...secrets, DATABASE_URL: database.url, REDIS_URL: serviceAddress('REDIS_URL') };
  const node = await DeparturesProcess.start({ dataDir: tmpdir(), args: ['--no-feed'], env });
  cleanUps.push(() => node.kill());
  return node;
}

function clientOf(url: string, token: () => Promise<string>): Client {
  const client = createClient({ url, token });
  cleanUps.push(async () => client.close());
  return client;
}

async function signIn(url: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/sign-in`, { method: 'POST', headers, body: JSON.stringify({ name: 'Ada' }) });
  return ((await answer.json()) as { token: string }).token;
}

it('set up what they share once, however many start together', async () => {
  const config = { databaseUrl: database.url, port: 0, secret: newSecret() };
  const nodes = await startTogether('create table note ()', async () => {
    const node = await NotesNode.start(config);
    cleanUps.push(() => node.kill());
    return node;
  });
  expect(await Promise.all(nodes.map((node) => node.readiness()))).toEqual([200, 200, 200]);
  expect(await count('millrace.migration')).toBe(await count('(select distinct version from millrace.migration) v'));
  expect(await count('millrace.settings')).toBe(1);
});

it('of Departures take one another’s tokens, and one feed behind the load balancer while a node leaves', async () => {
  const nodes = await startTogether('create schema departures', startNode);
  const balancer = await LoadBalancer.start(nodes.map(({ url }) => Number(new URL(url).port)));
  cleanUps.push(() => balancer.stop());
  expect(await (await fetch(balancer.url)).text()).toContain('<h1>Departures</h1>');

  // A token of each node is good on the next one.
  const clients = nodes.map(({ url }, index) => clientOf(url, () => signIn(nodes[(index + 1) % NODES]?.url ?? '')));
  const subscriptions = clients.map((client) => client.subscribe(desk, { airport: 'ORD' }));
  const heard = subscriptions.map((subscription) => {
    const departures: number[] = [];
    subscription.on('departure.recorded', ({ id }) => departures.push(id));
    return departures;
  });
  await until('all are subscribed', () => subscriptions.every(({ state }) => state === 'subscribed'));

  const first = firstOfDay(await readFlights(), '2001-03-31');
  const rows = (await readFlights()).length - first;
  const feed = execute(process.execPath, ['dist/feed/main.js', '--from', '2001-03-31', '--rate', '300'], {
    env: { ...process.env, ...secrets, DEPARTURES_URL: balancer.url },
    timeout: 40_000,
  });
  await until('some are recorded', async () => (await count('departures.departure')) > 20, 20_000);
  await nodes[0]?.stop();
  const { stdout } = await feed;
  expect(stdout).toContain('Feed: end of the data');
  expect(await count('departures.departure')).toBe(rows);

  const [, client] = clients as [Client, Client];
  const log = (await readLog(client, 'ORD')).map(({ departure }) => departure.id);
  expect(log).toEqual(log.toSorted((a, b) => a - b));
  expect(log.length).toBeGreaterThan(5);
  // Also what other nodes numbered, and the watcher of the node that left missed nothing before it did.
  for (const departures of heard.slice(1)) await until('all is heard', () => departures.length === log.length);
  for (const departures of heard.slice(1)) expect(departures).toEqual(log);
  expect(log.slice(0, heard[0]?.length)).toEqual(heard[0]);
});
