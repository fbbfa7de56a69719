import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@millrace/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { desk } from '../../src/contracts/desk.contract.js';
import { launchChromium } from '../support/chromium.js';
import { departuresClient, readLog } from '../support/departures-client.js';
import { DeparturesProcess } from '../support/departures-process.js';
import { pageScript } from '../support/page-script.js';

/** Busy enough to see a row every few hundred ms, and not more of them in a cut than the board holds. */
const ARGS = ['--rate', '40'];
const AIRPORT = 'ORD';

let dataDir: string;
let server: DeparturesProcess;
let browser: Browser;
/** Stays connected all the time. */
let witness: Client;
/** What the consoles of all pages said that they should not. */
const complaints: string[] = [];

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'departures-'));
  [server, browser] = await Promise.all([DeparturesProcess.start({ dataDir, args: ARGS }), launchChromium()]);
  witness = departuresClient(server.url);
});

afterAll(async () => {
  witness.close();
  await browser.close();
  await server.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  complaints.length = 0;
});

async function open(path: string, width = 1_000): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 740 } });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(server.url + path);
  return page;
}

interface Row {
  readonly id: number;
  readonly arrival: string;
  readonly offset: number | undefined;
}

/** The rows of the board as they stand, newest first. */
function rowsOf(page: Page): Promise<Row[]> {
  return page.locator('#rows tr').evaluateAll((rows) =>
    rows.map(({ dataset }) => ({
      id: Number(dataset['id']),
      arrival: dataset['arrival'] ?? '',
      offset: dataset['offset'] === undefined ? undefined : Number(dataset['offset']),
    })),
  );
}

const offsetsOf = (rows: readonly Row[], ...arrivals: string[]): number[] =>
  rows
    .filter(({ arrival }) => arrivals.includes(arrival))
    .map(({ offset }) => offset ?? NaN)
    .toReversed();

const countFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

const until = (page: Page, arrival: string, count: number): Promise<void> =>
  vi.waitFor(
    async () =>
      expect((await rowsOf(page)).filter((row) => row.arrival === arrival).length).toBeGreaterThanOrEqual(count),
    { timeout: 20_000, interval: 100 },
  );

/** A time in which the page is cut off for certain, in ms since 1970. */
function cutOff(page: Page): Promise<{ readonly since: number; readonly until: number }> {
  return vi.waitFor(
    async () => {
      const readAt = Date.now();
      const [, seconds] = /^Cut: back in (\d+) s$/.exec((await page.locator('#connection').textContent()) ?? '') ?? [];
      expect(seconds).toBeDefined();
      // Of the seconds it says, one has begun, and one more is for a countdown that is drawn late.
      return { since: Date.now(), until: readAt + (Number(seconds) - 2) * 1_000 };
    },
    { timeout: 5_000, interval: 50 },
  );
}

/** What does not fit into the width of the page, or of its cell. */
function tooWide(page: Page): Promise<string[]> {
  return page.locator('body *:not(.skip, .hidden-text, option, script)').evaluateAll((all) =>
    all
      .filter((one) => {
        const isCut = one instanceof HTMLTableCellElement && one.scrollWidth > one.clientWidth;
        return isCut || one.getBoundingClientRect().right > innerWidth + 0.5;
      })
      .map((one) => `${one.tagName} ${one.textContent}`),
  );
}

it('shows departures as they happen, and after a cut all that were missed', async () => {
  // Enough to be read with the board, so that what was read and what came after have a seam.
  await vi.waitFor(async () => expect((await readLog(witness, AIRPORT)).length).toBeGreaterThan(4), {
    timeout: 15_000,
  });
  const page = await open(`/#${AIRPORT}`);
  await until(page, 'live', 3);
  await expect(page.locator('#connection').textContent()).resolves.toBe('Connected');

  const witnessed: { readonly offset: number; readonly time: number }[] = [];
  const subscription = witness.subscribe(desk, { airport: AIRPORT });
  subscription.on('departure.recorded', (_, { offset, time }) => witnessed.push({ offset: offset ?? NaN, time }));
  await vi.waitFor(() => expect(subscription.state).toBe('subscribed'), { timeout: 15_000 });
  await page.getByRole('button', { name: /Cut the connection/ }).click();
  const cut = await cutOff(page);

  await page.getByText(/^\d+ events recovered$/).waitFor({ timeout: 20_000 });
  const told = Number((await page.locator('#notice').textContent())?.split(' ')[0]);
  const live = (await rowsOf(page)).filter(({ arrival }) => arrival === 'live').length;
  await until(page, 'live', live + 3);

  const rows = await rowsOf(page);
  const recovered = offsetsOf(rows, 'recovered');
  expect(told).toBe(recovered.length);
  // So many rows are marked as well, which the legend explains.
  expect(await page.locator('#rows .recovered').count()).toBe(told);
  await page.getByText('marks what you missed').waitFor();
  const missed = witnessed.filter(({ time }) => time > cut.since && time < cut.until).map(({ offset }) => offset);
  expect(missed.length).toBeGreaterThan(3);
  expect(recovered).toEqual(expect.arrayContaining(missed));
  const seen = offsetsOf(rows, 'live', 'recovered');
  expect(seen).toEqual(countFrom(seen[0] ?? NaN, seen.length));
  // Live ones before the cut and after it, so what was recovered is what lies between.
  expect(seen[0]).toBeLessThan(recovered[0] ?? NaN);
  expect(seen.at(-1)).toBeGreaterThan(recovered.at(-1) ?? NaN);

  // The whole board, from what was read at first to what came last, is the end of the log.
  const log = await readLog(witness, AIRPORT);
  const newest = log.findIndex(({ departure }) => departure.id === rows[0]?.id);
  expect(rows.filter(({ arrival }) => arrival === 'read').length).toBeGreaterThan(4);
  const expected = log.slice(0, newest + 1).slice(-rows.length);
  expect(rows.map(({ id }) => id).toReversed()).toEqual(expected.map(({ departure }) => departure.id));
  expect(seen).toEqual(expected.slice(-seen.length).map(({ offset }) => offset));
  expect(complaints).toEqual([]);
});

it('fits a phone, keeps the airport in the address, and shows who else looks', async () => {
  const phone = await open('/', 360);
  const expectToFit = async (): Promise<void> => {
    expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(await tooWide(phone)).toEqual([]);
  };
  await until(phone, 'live', 1);
  await expectToFit();
  await phone.getByLabel('Airport', { exact: true }).selectOption('ATL');
  await phone.getByRole('heading', { name: 'ATL Atlanta' }).waitFor();
  await until(phone, 'live', 1);
  await expectToFit();
  expect(new URL(phone.url()).hash).toBe('#ATL');
  await phone.reload();
  await phone.getByRole('heading', { name: 'ATL Atlanta' }).waitFor();

  const other = await open('/#ATL');
  await other.getByRole('button', { name: 'Looking as' }).click();
  await other.getByLabel('Your name').fill('Ada of the very long name that just fits');
  await other.getByRole('button', { name: 'Change' }).click();
  await phone.getByText(/Also looking: Ada of the very long/).waitFor({ timeout: 15_000 });
  await expectToFit();
  expect(complaints).toEqual([]);
});

/** Follows the desk with the SDK, and keeps its position where all tabs do. */
const follower = `
import { createClient, defineChannel, event } from '@millrace/client';
const token = async () => {
  const body = JSON.stringify({ name: 'Tabs' });
  const headers = { 'content-type': 'application/json' };
  return (await (await fetch('/sign-in', { method: 'POST', headers, body })).json()).token;
};
const storage = { get: (key) => localStorage.getItem(key), set: (key, at) => localStorage.setItem(key, at) };
const client = createClient({ url: '/', token, storage });
const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'departure.recorded': event() } });
const sub = client.subscribe(desk, { airport: '${AIRPORT}' });
sub.on('departure.recorded', (_, { offset }) => seen.push(offset));
sub.on('discontinuity', ({ reason }) => seen.push(reason));
globalThis.seen = [];
globalThis.cut = () => (client.disconnect(), seen);
globalThis.positionThere = () => localStorage.getItem('desk.${AIRPORT}');`;

it('tabs that share a stored position show each event, a duplicated one too', async () => {
  const context = await browser.newContext();
  // In every document; a page of the test's own would be of no address, and may not speak to a local one.
  await context.addInitScript(`{ ${await pageScript(follower)} }`);
  const address = `${server.url}/airports`;
  const seenBy = async (page: Page, count: number): Promise<unknown[]> => {
    await page.waitForFunction((least) => ((globalThis as { seen?: unknown[] }).seen?.length ?? 0) >= least, count);
    return page.evaluate('globalThis.seen');
  };
  const tab = await context.newPage();
  await tab.goto(address);
  await seenBy(tab, 2);
  const before = (await tab.evaluate('cut()')) as number[];
  const last = before.at(-1) ?? NaN;
  const stored: unknown = await tab.evaluate('positionThere()');
  expect(before).toEqual(countFrom(before[0] ?? NaN, before.length));

  // The browser copies the session storage of the opener, as it does when a tab is duplicated.
  const opened = context.waitForEvent('page');
  await tab.evaluate((url) => void window.open(url), address);
  const twin = await opened;
  const shownThere = await seenBy(twin, 3);
  expect(shownThere).toEqual(countFrom(last + 1, shownThere.length));
  expect(await tab.evaluate('positionThere()')).not.toBe(stored);

  await tab.reload();
  const shownAfter = await seenBy(tab, 3);
  expect(shownAfter).toEqual(countFrom(last + 1, shownAfter.length));
});
