import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, defineCommand, event, type ClientOptions, type Subscription } from './index.js';
import { FakeLog, FakeServer } from './testing/index.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<number>() } });
const viewers = defineChannel('viewers', { delivery: 'live', events: { 'a.b': event<number>() } });
const record = defineCommand<{ flight: number }, { id: number }>('departure.record');

const jwtOf = (sub: string, serial = 0) =>
  `e30.${Buffer.from(JSON.stringify({ sub, serial })).toString('base64url')}.signature`;
const changed = { name: 'RealtimeError', code: 'PRINCIPAL_CHANGED', outcome: 'not-applied', retry: 'never' };

/** A page on which one user after the other signs in. */
class Page {
  readonly server = new FakeServer({ accept: 'by-hand' });
  readonly log = new FakeLog('desk.SFO');
  readonly seen: unknown[] = [];
  readonly failed: unknown[] = [];
  token: string | null = jwtOf('ann');
  readonly client;

  constructor(options: Partial<ClientOptions> = {}) {
    this.client = createClient({ ...this.server.options, token: () => this.token, ...options });
  }

  /** The connection that is tried is let in, for `subject`. */
  async letIn(subject: string | undefined) {
    await this.server.clock.advance(1_000);
    this.server.subject = subject;
    this.server.accept();
    await this.server.settle();
  }

  send(flight = 1) {
    this.client.send(record, { flight }).catch((error: unknown) => this.failed.push(error));
  }

  subscribe(options: { since?: string } = {}): Subscription<typeof desk> {
    const subscription = this.client.subscribe(desk, { airport: 'SFO' }, options);
    subscription.on('discontinuity', ({ reason }) => this.seen.push(reason));
    subscription.on('recovered', ({ count }) => this.seen.push(`recovered ${count}`));
    subscription.on('a.b', (n) => this.seen.push(n));
    return subscription;
  }

  get asked() {
    const { body } = this.server.expectSubscribe();
    return body.items.map(({ since }) => since);
  }
}

describe('what waits for one user is nothing of the next', () => {
  it('commands and history pages that were not sent fail and are not sent; what the next one asks is', async () => {
    const page = new Page();
    page.client.connect();
    await page.letIn('ann');
    page.server.link.drop();
    page.send(1);
    page.client.history(desk, { airport: 'SFO' }).catch((error: unknown) => page.failed.push(error));
    page.client.disconnect();
    page.token = jwtOf('bob');
    page.client.connect();
    page.send(2);
    await page.letIn('bob');
    expect(page.failed).toEqual([expect.objectContaining(changed), expect.objectContaining(changed)]);
    expect(page.server.link.requests.map(({ body }) => body)).toEqual([
      expect.objectContaining({ name: 'departure.record', data: { flight: 2 } }),
    ]);
  });

  it('also when the sign-in changes while the connection is only tried again', async () => {
    const page = new Page();
    page.client.connect();
    await page.letIn('ann');
    page.server.link.drop();
    page.send();
    page.token = jwtOf('bob');
    await page.letIn('bob');
    expect(page.failed).toEqual([expect.objectContaining(changed)]);
    expect(page.server.link.requests).toEqual([]);
  });

  it('a command in flight stays unknown', async () => {
    const page = new Page();
    page.client.connect();
    await page.letIn('ann');
    page.send();
    page.client.disconnect();
    page.token = jwtOf('bob');
    page.client.connect();
    await page.letIn('bob');
    expect(page.failed).toEqual([expect.objectContaining({ code: 'CONNECTION_LOST', outcome: 'unknown' })]);
  });

  it('a command that waits behind a refusal of the moment fails too', async () => {
    const page = new Page();
    page.client.connect();
    await page.letIn('ann');
    page.send();
    page.server.expectCommand().refuse({ code: 'BUSY', message: 'Busy.', retry: 'backoff', retryAfterMs: 5_000 });
    page.server.link.drop();
    await page.letIn('bob');
    expect(page.failed).toEqual([expect.objectContaining(changed)]);
  });

  it('goes on where the same user comes back with another token', async () => {
    const page = new Page();
    const subscription = page.subscribe();
    await page.letIn('ann');
    page.server.answerSubscribe((item) => page.log.answer(item));
    page.client.disconnect();
    page.send();
    page.token = jwtOf('ann-by-another-name');
    page.client.connect();
    await page.letIn('ann');
    expect(page.asked).toEqual([subscription.position]);
    expect(page.server.expectCommand().body.data).toEqual({ flight: 1 });
    expect(page.seen).toEqual([]);
  });
});

describe('before any server has said who it is', () => {
  it.each<[string, string | null, string]>([
    ['the tokens say so', jwtOf('ann'), jwtOf('bob')],
    ['nobody was signed in between', 'opaque', 'other'],
  ])('two users are told apart where %s', async (_how, first, second) => {
    const page = new Page();
    page.token = first;
    page.send();
    await page.server.clock.advance(100);
    page.server.link.drop();
    page.token = second === 'other' ? null : second;
    await page.server.clock.advance(1_000);
    page.token = second;
    await page.letIn('bob');
    // Where nobody is signed in, nothing waits any longer.
    const code = second === 'other' ? 'UNAUTHENTICATED' : changed.code;
    expect(page.failed).toEqual([expect.objectContaining({ code, outcome: 'not-applied' })]);
    expect(page.server.link.requests).toEqual([]);
  });

  it.each([
    ['a new token of the same user', jwtOf('ann', 1), jwtOf('ann', 2)],
    ['tokens that say nothing', 'opaque-1', 'opaque-2'],
  ])('%s changes nothing', async (_how, first, second) => {
    const page = new Page();
    page.token = first;
    page.send();
    await page.server.clock.advance(100);
    page.server.link.drop();
    page.token = second;
    await page.letIn('ann');
    expect(page.failed).toEqual([]);
    page.server.expectCommand();
  });

  it('what was asked before the first sign-in is for the first who signs in', async () => {
    const page = new Page();
    page.token = null;
    page.send();
    await page.server.clock.advance(10);
    page.token = jwtOf('ann');
    await page.letIn('ann');
    page.server.expectCommand();
    expect(page.failed).toEqual([]);
  });

  it('after `needs-auth` nothing waits any more', async () => {
    const page = new Page();
    page.token = null;
    page.send();
    await page.server.clock.advance(90_000);
    expect(page.client.state.kind).toBe('needs-auth');
    expect(page.failed).toEqual([expect.objectContaining({ code: 'UNAUTHENTICATED', outcome: 'not-applied' })]);
    page.token = jwtOf('bob');
    page.client.connect();
    await page.letIn('bob');
    expect(page.server.link.requests).toEqual([]);
  });

  it('an earlier server, which never says it, is told apart by the tokens alone', async () => {
    const page = new Page();
    page.subscribe();
    await page.letIn(undefined);
    page.server.answerSubscribe((item) => page.log.answer(item));
    page.server.link.drop();
    page.token = jwtOf('ann', 2);
    await page.letIn(undefined);
    expect(page.asked).toEqual([page.log.head]);
    page.server.link.drop();
    page.send();
    page.token = jwtOf('bob');
    await page.letIn(undefined);
    expect(page.asked).toEqual([undefined]);
    expect(page.seen).toEqual(['principal']);
    expect(page.failed).toEqual([expect.objectContaining(changed)]);
  });
});

describe('a position of one user', () => {
  it('is not used for the next, who hears of it once and starts at the head', async () => {
    const page = new Page();
    const subscription = page.subscribe();
    await page.letIn('ann');
    page.server.answerSubscribe((item) => page.log.answer(item));
    page.server.link.events(page.log.publish('a.b', 1));
    page.client.disconnect();
    page.token = jwtOf('bob');
    page.client.connect();
    await page.letIn('bob');
    expect(page.seen).toEqual([1, 'principal']);
    expect(subscription.position).toBeUndefined();
    page.log.publish('a.b', 2);
    expect(page.asked).toEqual([undefined]);
    page.server.link.drop();
    await page.letIn('bob');
    page.server.answerSubscribe((item) => page.log.answer(item));
    page.server.link.events(page.log.publish('a.b', 3));
    expect(page.seen).toEqual([1, 'principal', 3]);
    expect(subscription.state).toBe('subscribed');
  });

  it('given by the application for one user is not used for another', async () => {
    const page = new Page();
    page.client.connect();
    await page.letIn('ann');
    page.server.link.drop();
    page.log.publish('a.b', 1);
    page.subscribe({ since: page.log.head });
    page.token = jwtOf('bob');
    await page.letIn('bob');
    expect(page.asked).toEqual([undefined]);
    expect(page.seen).toEqual(['principal']);
  });

  it('on a live channel there is none, but what was shown was for the one before', async () => {
    const page = new Page();
    page.client.subscribe(viewers, {}).on('discontinuity', ({ reason }) => page.seen.push(reason));
    await page.letIn('ann');
    page.server.answerSubscribe(({ sid }) => ({ sid, outcome: 'live' }));
    page.server.link.drop();
    await page.letIn('ann');
    expect(page.seen).toEqual([]);
    page.server.link.drop();
    await page.letIn('bob');
    expect(page.seen).toEqual(['principal']);
  });

  it.each<[string, 'at-once' | 'late']>([
    ['at once', 'at-once'],
    ['after the connection', 'late'],
  ])('that is stored, and loaded %s, is used for that user only', async (_when, when) => {
    const kept = new Map<string, string>();
    const storage = {
      get: (channel: string) =>
        when === 'at-once'
          ? kept.get(channel)
          : new Promise<string | undefined>((r) => setTimeout(() => r(kept.get(channel)), 1)),
      set: (channel: string, position: string) => void kept.set(channel, position),
    };
    const visit = async (subject: string) => {
      const page = new Page({ storage });
      page.client.connect();
      await page.letIn(subject);
      page.subscribe();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await page.server.settle();
      return page;
    };
    const first = await visit('ann@home');
    first.log.publish('a.b', 1);
    first.server.answerSubscribe((item) => first.log.answer(item));
    expect(kept.get('desk.SFO')).toBe(`${first.log.head}@ann@home`);
    first.client.close();

    const again = await visit('ann@home');
    expect(again.asked).toEqual([first.log.head]);
    again.client.close();

    const other = await visit('bob');
    other.server.answerSubscribe((item) => {
      expect(item.since).toBeUndefined();
      return first.log.answer(item);
    });
    expect(other.seen).toEqual(['principal']);
    expect(kept.get('desk.SFO')).toBe(`${first.log.head}@bob`);
  });

  it('that the application took out of its storage may be given as `since`, and to `history`', async () => {
    const page = new Page();
    page.client.connect();
    await page.letIn('ann');
    page.log.publish('a.b', 1);
    page.subscribe({ since: `${page.log.head}@ann` });
    await page.server.settle();
    expect(page.asked).toEqual([page.log.head]);
    expect(() => page.subscribe({ since: `${page.log.head}@ann` })).not.toThrow();
    void page.client.history(desk, { airport: 'SFO' }, { after: `${page.log.head}@ann` });
    expect(page.server.expectHistory().body.after).toBe(page.log.head);
  });
});

it('nothing is sent before the server has said for whom', async () => {
  const server = new FakeServer({ accept: 'by-hand' });
  const client = createClient(server.options);
  const sent = client.send(record, { flight: 1 });
  client.subscribe(desk, { airport: 'SFO' });
  await server.settle();
  server.link.open('s');
  await server.settle();
  expect([client.state.kind, server.link.requests]).toEqual(['connecting', []]);
  server.link.control({ kind: 'welcome', session: 's', subject: 'ann' });
  await server.settle();
  expect(client.state).toMatchObject({ kind: 'connected', subject: 'ann' });
  server.expectCommand().answer({ result: { id: 1 } });
  await expect(sent).resolves.toEqual({ id: 1 });
});
