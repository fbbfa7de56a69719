import { wireError, type SubscribeFrame } from '@millrace/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClient, defineChannel, event, type Subscription } from './index.js';
import { FakeLog, FakeServer, type FakeLink, type FakeRequest } from './testing/index.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<number>() } });
const sfo = { airport: 'SFO' };

/**
 * A server that keeps its word on connections that keep theirs: it joins, then reads, then answers, and sends each
 * event once, in order, to whoever is in the room. Nothing nudges the client: what it drops is missing at the end.
 */
class Honest {
  readonly server = new FakeServer();
  readonly log = new FakeLog('desk.SFO', 3);
  readonly client = createClient({ ...this.server.options, minBackoffMs: 50, maxBackoffMs: 100 });
  readonly seen: number[] = [];
  readonly lost: unknown[] = [];
  sub: Subscription<typeof desk> | undefined;
  requests = 0;
  #room: FakeLink | undefined;
  #answers: (() => void)[] = [];

  subscribe(since?: string): void {
    this.sub?.unsubscribe();
    this.sub = this.client.subscribe(desk, sfo, since === undefined ? {} : { since });
    this.sub.on('a.b', (n) => this.seen.push(n));
    this.sub.on('discontinuity', (one) => this.lost.push(one));
  }

  publish(count: number): void {
    const first = this.log.events.length + 1;
    for (let n = first; n < first + count; n++) this.log.publish('a.b', n);
    if (this.#room === this.server.link) this.server.link.events(this.log.frame(first, first + count - 1));
  }

  /** Takes the oldest request: joins and reads. The answer leaves later. */
  take(): void {
    const { link } = this.server;
    const request = link.requests.find(({ name }) => name === 'subscribe' || name === 'unsubscribe');
    if (request?.name === 'unsubscribe') {
      this.server.expectUnsubscribe().answer();
      this.#room = undefined;
    } else if (request) this.#join(link, this.server.expectSubscribe());
  }

  answer(): void {
    this.#answers.shift()?.();
  }

  lag(): void {
    this.#room = undefined;
    this.server.link.control({ kind: 'lagging', channels: ['desk.SFO'], retryAfterMs: 40 });
  }

  refuse(): void {
    const isAsked = this.server.link.requests[0]?.name === 'subscribe';
    if (isAsked) this.server.expectSubscribe().refuse(wireError('BUSY', { retryAfterMs: 20 }));
  }

  drop(): void {
    this.server.link.drop();
    this.#answers = [];
  }

  async calm(): Promise<void> {
    for (let turn = 0; turn < 40; turn++) {
      await this.server.clock.advance(200);
      this.take();
      this.answer();
    }
    await this.server.settle();
  }

  #join(link: FakeLink, request: FakeRequest<SubscribeFrame>): void {
    this.requests++;
    const items = request.body.items.map((item) => this.log.answer(item));
    this.#room = items.some(({ outcome }) => outcome === 'behind') ? undefined : link;
    this.#answers.push(() => request.answer({ items }));
  }
}

type Action = readonly [name: string, run: (world: Honest) => unknown];

const actions: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .integer({ min: 1, max: 3 })
      .map((n) => [`publish ${n}`, (world: Honest) => world.publish(n)] as const),
  },
  { weight: 4, arbitrary: fc.constant<Action>(['take', (world) => world.take()]) },
  { weight: 4, arbitrary: fc.constant<Action>(['answer', (world) => world.answer()]) },
  { weight: 2, arbitrary: fc.constant<Action>(['wait', ({ server }) => server.clock.advance(60)]) },
  { weight: 1, arbitrary: fc.constant<Action>(['lag', (world) => world.lag()]) },
  { weight: 1, arbitrary: fc.constant<Action>(['refuse', (world) => world.refuse()]) },
  { weight: 1, arbitrary: fc.constant<Action>(['drop', (world) => world.drop()]) },
  { weight: 1, arbitrary: fc.constant<Action>(['resubscribe', (world) => world.subscribe(world.sub?.position)]) },
);

describe('on an honest server', () => {
  it('every event after the first answer is handed over, without another event to show what is missing', async () => {
    let handedOver = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(actions, { minLength: 5, maxLength: 60 }), async (history) => {
        const world = new Honest();
        // With a position of its own, so that nothing depends on when the first answer comes.
        world.subscribe(world.log.head);
        await world.server.settle();
        for (const [, run] of history) {
          await run(world);
          await world.server.settle();
        }
        await world.calm();
        expect(world.seen).toEqual(world.log.events.map(({ offset }) => offset));
        expect([world.lost, world.server.reported, world.sub?.state]).toEqual([[], [], 'subscribed']);
        handedOver += world.seen.length;
        world.client.close();
        expect(world.server.clock.pending).toBe(0);
      }),
      { numRuns: 500 },
    );
    expect(handedOver).toBeGreaterThan(1_000);
  }, 30_000);

  it('a client that was not disturbed asks once', async () => {
    const world = new Honest();
    world.subscribe(world.log.head);
    await world.server.settle();
    world.publish(1);
    world.take();
    world.publish(2);
    world.answer();
    world.publish(2);
    await world.calm();
    expect([world.seen, world.requests]).toEqual([[1, 2, 3, 4, 5], 1]);
  });
});
