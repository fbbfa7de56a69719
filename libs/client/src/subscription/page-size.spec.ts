import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, event } from '../index.js';
import { FakeLog, FakeServer } from '../testing/index.js';
import { PageSize } from './page-size.js';

describe('the size of a page', () => {
  it.each([3, 6, 16, 100, 10_000])('comes to about three seconds on a link of %i kB/s, and stays there', (rate) => {
    const pages = new PageSize();
    let cuts = 0;
    for (let turn = 0; turn < 20; turn++) {
      const bytes = pages.maxBytes ?? 4_194_304;
      const ms = bytes / rate;
      // The heartbeat behind the page is given up.
      if (ms > 8_000) {
        pages.failed();
        cuts++;
      } else {
        pages.answered(bytes, ms);
      }
    }
    expect(cuts).toBeLessThanOrEqual(1);
    const settled = pages.maxBytes ?? 4_194_304;
    expect(settled / rate).toBeGreaterThan(400);
    expect(settled / rate).toBeLessThan(3_100);
  });

  it('falls to a least size that one event may exceed, and to no less', () => {
    const pages = new PageSize();
    for (let turn = 0; turn < 20; turn++) pages.failed();
    expect(pages.maxBytes).toBe(2_048);
  });

  it('learns nothing of an answer that is nearly empty', () => {
    const pages = new PageSize();
    pages.answered(200, 4_000);
    expect(pages.maxBytes).toBe(65_536);
  });
});

/** A link that carries so many bytes a second, and is given up when an answer holds it up for 8 s. */
const RATE = 3_000;
const GIVEN_UP_MS = 8_000;
const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<string>() } });

it('a client on a link of 3 kB/s with a megabyte behind it goes on all the time', async () => {
  const server = new FakeServer();
  const log = new FakeLog('desk.SFO', 500);
  const client = createClient({ ...server.options, storage: { get: () => log.positionAt(0), set: () => {} } });
  for (let n = 0; n < 1_000; n++) log.publish('a.b', 'x'.repeat(1_000));
  let last = 0;
  const seen: unknown[] = [];
  let longestGapMs = 0;
  client.subscribe(desk, { airport: 'SFO' }).on('a.b', () => {
    longestGapMs = Math.max(longestGapMs, server.clock.now() - last);
    last = server.clock.now();
    seen.push(last);
  });
  last = server.clock.now();
  for (let round = 0; round < 500 && seen.length < 1_000; round++) {
    await server.clock.advance(100);
    if (!server.link.requests.some(({ name }) => name === 'subscribe')) continue;
    const request = server.expectSubscribe();
    const { body } = request;
    const [item] = body.items;
    const first = Number(item?.since?.split('.')[1]);
    // As the server reads a page: so many events as fit, and one at least.
    const fit = Math.max(1, Math.floor(Math.min(262_144, body.maxBytes ?? Infinity) / 1_130));
    const ms = (Math.min(fit, 1_000 - first) * 1_130) / (RATE / 1_000);
    await server.clock.advance(Math.min(ms, GIVEN_UP_MS));
    if (ms > GIVEN_UP_MS) server.link.drop();
    else request.answer({ items: [new FakeLogPage(log, fit).answer(item)] });
  }
  expect(seen).toHaveLength(1_000);
  expect(longestGapMs).toBeLessThan(20_000);
});

/** Answers of `size` events from a log. */
class FakeLogPage {
  constructor(
    private readonly log: FakeLog,
    private readonly size: number,
  ) {}

  answer(item: { readonly sid: number; readonly since?: string } | undefined) {
    const { sid = 0, since = '' } = item ?? {};
    const from = Number(since.split('.')[1]);
    const events = this.log.events.slice(from, from + this.size);
    const end = from + events.length;
    const outcome = end < this.log.events.length ? 'behind' : 'recovered';
    return { sid, outcome, position: this.log.positionAt(end), events };
  }
}

describe('an answer', () => {
  it('that does not come makes the next question smaller, for history too', async () => {
    const server = new FakeServer();
    const log = new FakeLog('desk.SFO');
    const client = createClient({ ...server.options, answerTimeoutMs: 1_000 });
    client.subscribe(desk, { airport: 'SFO' }, { since: log.head });
    await server.settle();
    expect(server.expectSubscribe().body.maxBytes).toBe(65_536);
    await server.clock.advance(2_000);
    expect(server.expectSubscribe().body.maxBytes).toBe(16_384);
    server.link.drop();
    await server.clock.advance(1_000);
    server.answerSubscribe((item) => log.answer(item));
    const page = client.history(desk, { airport: 'SFO' });
    await server.settle();
    expect(server.expectHistory().body.maxBytes).toBe(4_096);
    server.link.drop();
    await expect(page).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await server.clock.advance(1_000);
    void client.history(desk, { airport: 'SFO' });
    expect(server.expectHistory().body.maxBytes).toBe(2_048);
  });

  it('at the head says nothing about the link', async () => {
    const server = new FakeServer();
    const client = createClient(server.options);
    client.subscribe(desk, { airport: 'SFO' });
    await server.settle();
    expect(server.expectSubscribe().body).not.toHaveProperty('maxBytes');
    server.link.drop();
    client.subscribe(desk, { airport: 'OAK' }, { since: new FakeLog('desk.OAK').head });
    await server.clock.advance(1_000);
    expect(server.expectSubscribe().body.maxBytes).toBe(65_536);
  });
});
