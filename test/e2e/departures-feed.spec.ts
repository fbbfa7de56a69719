import { execFile, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from '@millrace/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Airport } from '../../src/contracts/airport.contract.js';
import { resumeFeed } from '../../src/contracts/feed.contract.js';
import { firstOfDay } from '../../src/feed/first-of-day.js';
import { readFlights } from '../../src/flights/flights.js';
import { departuresClient, readLog } from '../support/departures-client.js';
import { DeparturesProcess, isAlive } from '../support/departures-process.js';
import { createDatabase } from '../support/fresh-database.js';

const execute = promisify(execFile);
const FEED_KEY = 'k'.repeat(40);

let dataDir: string;
let server: DeparturesProcess | undefined;
let clients: Client[];
/** Aborted after the test: no process that it started by hand outlives it. */
let ended: AbortController;
/** Feeds whose server was killed. They end by themselves, unless the test has found a fault. */
let orphans: number[];
let cleanUp: (() => Promise<unknown>) | undefined;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'departures-'));
  clients = [];
  ended = new AbortController();
  orphans = [];
  cleanUp = undefined;
});

afterEach(async () => {
  ended.abort();
  for (const client of clients) client.close();
  await server?.kill();
  for (const pid of orphans.filter(isAlive)) process.kill(pid, 'SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
  await cleanUp?.();
});

interface Started {
  readonly started: DeparturesProcess;
  readonly staff: Client;
}

async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Started> {
  const started = await DeparturesProcess.start({ dataDir, args, env: { FEED_KEY, ...env } });
  server = started;
  const staff = departuresClient(started.url, FEED_KEY);
  clients.push(staff);
  return { started, staff };
}

/** Waits until the feed, which began at row `first`, has recorded `count` rows more. The answer is the next row. */
function recorded(staff: Client, first: number, count: number): Promise<number> {
  return vi.waitFor(
    async () => {
      const { next } = await staff.send(resumeFeed, { from: first });
      expect(next).toBeGreaterThanOrEqual(first + count);
      return next;
    },
    { timeout: 20_000, interval: 100 },
  );
}

/** The rows that were published on all boards, in order; those of each board are checked for their order and offsets. */
async function publishedRows(started: DeparturesProcess, staff: Client): Promise<number[]> {
  const airports = (await (await fetch(`${started.url}/airports`)).json()) as Airport[];
  const logs = await Promise.all(airports.map(({ code }) => readLog(staff, code)));
  for (const log of logs) {
    expect(log.map(({ offset }) => offset)).toEqual(log.map((_, index) => index + 1));
    const rows = log.map(({ departure }) => departure.id);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
  }
  return logs
    .flat()
    .map(({ departure }) => departure.id)
    .toSorted((a, b) => a - b);
}

/** What is recorded is published a moment later; a row that is lost or doubled stays so. */
function expectPublished({ started, staff }: Started, first: number, end: number): Promise<void> {
  return vi.waitFor(async () => expect(await publishedRows(started, staff)).toEqual(range(first, end)), {
    timeout: 15_000,
    interval: 200,
  });
}

/** Holds the feed still meanwhile. It dies of it: a process that is held cannot see its server end. */
async function whileStill<T>(started: DeparturesProcess, work: () => Promise<T>): Promise<T> {
  const feeds = started.children();
  for (const pid of feeds) process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    for (const pid of feeds) process.kill(pid, 'SIGKILL');
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

it('goes on where it stopped after its own death and the server’s, and publishes no row twice', async () => {
  const first = firstOfDay(await readFlights(), '2001-02-01');
  const one = await start(['--rate', '150', '--from', '2001-02-01']);
  await one.started.waitForLine(new RegExp(`^Feed: 150 departures a second, from row ${first} \\(2001-02-01 `));
  await recorded(one.staff, first, 60);

  const [feed] = one.started.children();
  expect(feed).toBeDefined();
  process.kill(feed as number, 'SIGKILL');
  await one.started.waitForLine(/^The feed ended \(killed\); starting it again in 1 s$/);
  const { next: afterDeath } = await one.staff.send(resumeFeed, {});
  await recorded(one.staff, afterDeath, 60);
  const [, again] = one.started.lines.filter((line) => line.includes('departures a second'));
  expect(again).toContain(`from row ${afterDeath} `);

  orphans = one.started.children();
  expect(orphans).toHaveLength(1);
  await one.started.kill();
  await vi.waitFor(() => expect(orphans.filter(isAlive)).toEqual([]), { timeout: 5_000 });

  // Without --from: where it stopped, not at the first row of all.
  const two = await start(['--rate', '150']);
  const line = await two.started.waitForLine(/departures a second/);
  const resumedAt = Number(/from row (\d+)/.exec(line)?.[1]);
  expect(resumedAt).toBeGreaterThanOrEqual(afterDeath + 60);
  await recorded(two.staff, resumedAt, 60);
  await whileStill(two.started, async () => {
    const { next } = await two.staff.send(resumeFeed, { from: first });
    expect(next - first).toBeGreaterThanOrEqual(180);
    await expectPublished(two, first, next);
  });
});

it('says so at the end of the data, also when there is nothing left to do', async () => {
  const flights = await readFlights();
  const first = firstOfDay(flights, '2001-03-31');
  // A whole day: a server takes it in a moment, and the embedded database takes a minute's half.
  const database = await createDatabase();
  cleanUp = () => database.drop();
  const { started, staff } = await start(['--rate', '500', '--from', '2001-03-31'], { DATABASE_URL: database.url });
  await started.waitForLine(/^Feed: end of the data: no departure is left from 2001-03-31 on$/);
  await vi.waitFor(() => expect(started.children()).toEqual([]), { timeout: 5_000 });

  // The same feed by hand: what the server starts is an ordinary client.
  const { stdout } = await execute(process.execPath, ['dist/feed/main.js', '--from', '2001-03-31'], {
    env: { ...process.env, DEPARTURES_URL: started.url, FEED_KEY },
    timeout: 20_000,
    signal: ended.signal,
  });
  expect(stdout).toBe('Feed: end of the data: no departure is left from 2001-03-31 on\n');
  await expectPublished({ started, staff }, first, flights.length);
  staff.close();
  await expect(started.stop()).resolves.toBe(0);
});

it.each([
  [['--rate', 'fast'], {}, 2, /^--rate is "fast".*usage: /s],
  [['--pace', '5'], {}, 2, /--pace.*usage: /s],
  [[], { FEED_KEY: '' }, 1, /FEED_KEY is not set/],
  // Nobody listens on port 9, but the key is looked at first.
  [[], { FEED_KEY: 'short' }, 1, /FEED_KEY is too short/],
])('by hand with %j and %j ends with code %i and says why', async (args, env, code, message) => {
  const run = execute(process.execPath, ['dist/feed/main.js', ...args], {
    env: { ...process.env, DEPARTURES_URL: 'http://127.0.0.1:9', FEED_KEY, ...env },
    timeout: 20_000,
    signal: ended.signal,
  });
  await expect(run).rejects.toMatchObject({ code, stderr: expect.stringMatching(message) });
});

it('is told about by the server’s --help', async () => {
  const { stdout } = await execute(process.execPath, ['dist/main.js', '--help'], {
    timeout: 20_000,
    signal: ended.signal,
  });
  expect(stdout).toMatch(/^usage: npm start .*--rate.*--from/s);
});

it('ends when its server has died before it was ready to hear of that', async () => {
  const feed = fork('dist/feed/main.js', [], {
    env: { ...process.env, DEPARTURES_URL: 'http://127.0.0.1:9', FEED_KEY },
    signal: ended.signal,
  });
  const exited = new Promise((resolve, reject) => feed.once('exit', resolve).once('error', reject));
  feed.disconnect();
  await expect(exited).resolves.toBe(0);
});
