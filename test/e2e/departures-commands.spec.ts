import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient, type Client } from '@millrace/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBoard, viewBoard, viewers } from '../../src/contracts/board.contract.js';
import { desk, recordDeparture, type Flight } from '../../src/contracts/desk.contract.js';
import { resumeFeed } from '../../src/contracts/feed.contract.js';
import { issueToken } from '../../src/sign-in/token.js';
import { departuresClient, readLog } from '../support/departures-client.js';
import { DeparturesProcess } from '../support/departures-process.js';

const execute = promisify(execFile);
const JWT_SECRET = 's'.repeat(40);
const FEED_KEY = 'k'.repeat(40);

let dataDir: string;
let server: DeparturesProcess;
let clients: Client[];
/** Aborted after the test: no process that it started by hand outlives it. */
let ended: AbortController;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'departures-'));
  server = await DeparturesProcess.start({ dataDir, args: ['--no-feed'], env: { JWT_SECRET, FEED_KEY } });
});

afterAll(async () => {
  await server.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

beforeEach(() => {
  clients = [];
  ended = new AbortController();
});

afterEach(() => {
  ended.abort();
  for (const client of clients) client.close();
});

/** For what a busy machine may take its time with. */
const soon = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 15_000 });

const opened = (client: Client): Client => {
  clients.push(client);
  return client;
};
const viewer = (): Client => opened(departuresClient(server.url));
const feed = (): Client => opened(departuresClient(server.url, FEED_KEY));
const staffOf = (...airports: string[]): Client =>
  opened(
    createClient({
      url: server.url,
      token: async () => (await issueToken({ kind: 'staff', name: 'Bob', airports }, JWT_SECRET)).token,
    }),
  );

const flight = (id: number, origin: string): Flight => ({
  id,
  origin,
  destination: 'LAX',
  departedAt: '2001-01-01T08:00',
  delayMinutes: -5,
  distanceMiles: 337,
});

it('is where it says that it is, and tells browsers and strangers no more than they need', async () => {
  const { port } = new URL(server.url);
  expect(server.url).toBe(`http://127.0.0.1:${port}`);
  // Another address of this machine, which all networks would include.
  await expect(fetch(`http://127.0.0.2:${port}/`)).rejects.toThrow('fetch failed');
  const page = await fetch(server.url);
  const policy = page.headers.get('content-security-policy');
  expect(policy).toContain("default-src 'none'; script-src 'self'");
  expect(policy).not.toContain('unsafe');
  const html = await page.text();
  const [script = ''] = /assets\/[^"]+\.js/.exec(html) ?? [];
  const text = await (await fetch(`${server.url}/${script}`)).text();
  expect(text.length).toBeGreaterThan(10_000);
  expect(text).not.toContain('sourceMappingURL');
  expect((await fetch(`${server.url}/${script}.map`)).status).toBe(404);
  for (const path of ['/', '/health/live', '/none']) {
    const { headers } = await fetch(server.url + path);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  }
});

describe('departure.record', () => {
  it('records and publishes in one, and a repetition does neither', async () => {
    const staff = feed();
    await expect(staff.send(recordDeparture, flight(1, 'SEA'))).resolves.toEqual({ recorded: 'now' });
    await expect(staff.send(recordDeparture, flight(1, 'SEA'))).resolves.toEqual({ recorded: 'before' });
    await expect(staff.send(recordDeparture, flight(2, 'SEA'))).resolves.toEqual({ recorded: 'now' });
    // A row is one departure, whatever a repetition says of it.
    await expect(staff.send(recordDeparture, flight(2, 'PDX'))).resolves.toEqual({ recorded: 'before' });
    await soon(async () => expect((await readLog(staff, 'SEA')).map(({ departure }) => departure.id)).toEqual([1, 2]));
    expect(await readLog(staff, 'PDX')).toEqual([]);
    const { departures } = await viewer().send(readBoard, { airport: 'SEA', limit: 10 });
    expect(departures).toEqual((await readLog(staff, 'SEA')).map(({ departure }) => departure).toReversed());
    expect(departures[0]).toEqual({ ...flight(2, 'SEA'), entry: expect.any(Number) });
  });

  it('is for staff, at their own airports', async () => {
    await expect(viewer().send(recordDeparture, flight(10, 'SFO'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const staff = staffOf('SFO', 'OAK');
    await expect(staff.send(recordDeparture, flight(10, 'SFO'))).resolves.toEqual({ recorded: 'now' });
    await expect(staff.send(recordDeparture, flight(11, 'SEA'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const nonsense = { ...flight(11, 'SFO'), origin: { includes: 'SFO' } as unknown as string };
    await expect(staff.send(recordDeparture, nonsense)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(
      (await viewer().send(readBoard, { airport: 'SEA', limit: 50 })).departures.map(({ id }) => id),
    ).not.toContain(11);
  });

  it.each([
    ['id', { id: -1 }],
    ['origin', { origin: 'sfo' }],
    ['destination', { destination: 'LAXX' }],
    ['departedAt', { departedAt: '2001-01-01' }],
    ['departedAt', { departedAt: '2001-13-01T08:00' }],
    ['delayMinutes', { delayMinutes: 0.5 }],
    ['distanceMiles', { distanceMiles: 0 }],
    ['pilot', { pilot: 'Ada' }],
  ])('checks the field %s', async (field, change) => {
    const sent = feed().send(recordDeparture, { ...flight(20, 'SFO'), ...change });
    await expect(sent).rejects.toMatchObject({ code: 'VALIDATION_FAILED', details: [{ field }] });
  });
});

describe('feed.resume', () => {
  it('goes on after the row that was recorded last, and fills no earlier gap', async () => {
    const staff = feed();
    for (const id of [500, 501, 505, 300]) await staff.send(recordDeparture, flight(id, 'BOS'));
    await expect(staff.send(resumeFeed, {})).resolves.toEqual({ next: 301 });
    await expect(staff.send(resumeFeed, { from: 500 })).resolves.toEqual({ next: 502 });
    await expect(staff.send(resumeFeed, { from: 502 })).resolves.toEqual({ next: 502 });
    await expect(staff.send(resumeFeed, { from: 505 })).resolves.toEqual({ next: 506 });
  });

  it('is for staff', async () => {
    await expect(viewer().send(resumeFeed, {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a board', () => {
  it('shows who looks at it', async () => {
    const [one, other] = [viewer(), viewer()];
    const names: string[] = [];
    const subscription = one.subscribe(viewers, { airport: 'JFK' });
    subscription.on('viewer.seen', ({ name }) => names.push(name));
    await soon(() => expect(subscription.state).toBe('subscribed'));
    await other.send(viewBoard, { airport: 'JFK' });
    await soon(() => expect(names).toEqual(['Test']));
  });

  it('of an airport that is not, is nobody’s', async () => {
    const client = viewer();
    const refused = vi.fn<(code: string) => void>();
    client.subscribe(desk, { airport: 'XXX' }).on('error', ({ code }) => refused(code));
    await soon(() => expect(refused).toHaveBeenCalledWith('FORBIDDEN'));
    await expect(client.send(viewBoard, { airport: 'XXX' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('the sign-in', () => {
  const post = (body: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.url}/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it.each([
    ['no name', {}, 400],
    ['an empty name', { name: '  ' }, 400],
    ['a long name', { name: 'x'.repeat(41) }, 400],
    ['a name that cannot be seen', { name: 'A\u200Bda' }, 400],
    ['more than a name', { name: 'Ada', airports: 'all' }, 400],
    ['a name', { name: 'Ada' }, 200],
  ])('with %s', async (_case, body, status) => {
    expect((await post(body)).status).toBe(status);
  });

  it('takes only the right key for the feed’s', async () => {
    expect((await post({ name: 'Feed' }, { 'x-feed-key': `${FEED_KEY}x` })).status).toBe(401);
    expect((await post({ name: 'Feed' }, { 'x-feed-key': FEED_KEY })).status).toBe(200);
  });
});

it('answers for its health and its numbers, and hands out the page', async () => {
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  expect(await (await fetch(`${server.url}/metrics`)).text()).toContain('realtime_');
  expect(await (await fetch(server.url)).text()).toContain('<h1>Departures</h1>');
});

it('sends a feed with another key away for good', async () => {
  const run = execute(process.execPath, ['dist/feed/main.js'], {
    env: { ...process.env, DEPARTURES_URL: server.url, FEED_KEY: 'other'.repeat(10) },
    timeout: 20_000,
    signal: ended.signal,
  });
  await expect(run).rejects.toMatchObject({ code: 1, stderr: 'Feed: stopped: The server refused the FEED_KEY\n' });
});

it('does not share its folder with a second server', async () => {
  await expect(DeparturesProcess.start({ dataDir, args: ['--no-feed'] })).rejects.toThrow(/is in use by process \d+/);
});
