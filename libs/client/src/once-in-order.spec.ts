import { wireError, type EventsFrame, type SubscribeFrame } from '@millrace/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createClient,
  defineChannel,
  defineCommand,
  event,
  type Client,
  type EventMeta,
  type Subscription,
} from './index.js';
import { FakeLog, FakeServer, type FakeRequest } from './testing/index.js';

const desk = defineChannel('desk.:airport', { delivery: 'durable', events: { 'a.b': event<string>() } });
const sfo = { airport: 'SFO' };

/** What one subscriber was told, checked as it goes. */
class Witness {
  readonly faults: string[] = [];
  #last: { readonly epoch: string; readonly offset: number } | undefined;
  #isWarned = false;

  /** @param since the position that the subscriber said it has */
  constructor(since: string | undefined) {
    const [epoch, offset] = since?.split('.') ?? [];
    if (epoch !== undefined) this.#last = { epoch, offset: Number(offset) };
  }

  warned(): void {
    this.#isWarned = true;
  }

  saw(content: string, { offset = 0 as never, position = '' as never }: EventMeta): void {
    const [epoch = ''] = position.split('.');
    const last = this.#last;
    if (content !== `${epoch}/${offset}`) this.faults.push(`${epoch}/${offset} came as ${content}`);
    if (last?.epoch === epoch && offset <= last.offset) this.faults.push(`${offset} again after ${last.offset}`);
    const isNext = !last || (last.epoch === epoch && offset === last.offset + 1);
    if (!isNext && !this.#isWarned) this.faults.push(`${epoch}/${offset} after ${last.epoch}/${last.offset} unwarned`);
    this.#last = { epoch, offset };
    this.#isWarned = false;
  }
}

/** What the application does when it is handed the next event. */
type Whim = 'throw' | 'resubscribe' | 'disconnect' | 'send';

const ping = defineCommand('desk.ping');

/** A server, a network that is as bad as it likes, and an application. */
class World {
  readonly server = new FakeServer();
  readonly log = new FakeLog('desk.SFO', 3);
  readonly client: Client = createClient({ ...this.server.options, minBackoffMs: 50, maxBackoffMs: 100 });
  readonly witnesses: Witness[] = [];
  sub: Subscription<typeof desk> | undefined;
  whim: Whim | undefined;
  thrown = 0;
  #air: EventsFrame[] = [];
  readonly #late: (() => void)[] = [];

  subscribe(since?: string): void {
    this.sub?.unsubscribe();
    const witness = new Witness(since);
    this.witnesses.push(witness);
    const sub = (this.sub = this.client.subscribe(desk, sfo, since === undefined ? {} : { since }));
    sub.on('discontinuity', () => witness.warned());
    sub.on('a.b', (content, meta) => {
      witness.saw(content, meta);
      if (sub.position !== meta.position) witness.faults.push(`stands at ${sub.position} with ${meta.position}`);
      this.#follow();
    });
  }

  #follow(): void {
    const { whim } = this;
    this.whim = undefined;
    if (whim === 'resubscribe') this.subscribe(this.sub?.position);
    if (whim === 'disconnect') this.cut();
    if (whim === 'send') this.client.send(ping).catch(() => {});
    if (whim === 'throw') {
      this.thrown++;
      throw new Error('thrown by a listener');
    }
  }

  cut(): void {
    this.client.disconnect();
    this.#air = [];
    this.client.connect();
  }

  drain(): void {
    this.server.link.control({ kind: 'draining', retryAfterMs: 60 });
  }

  publish(count: number): void {
    const first = this.log.events.length + 1;
    for (let offset = first; offset < first + count; offset++) this.log.publish('a.b', `${this.log.epoch}/${offset}`);
    this.#air.push(this.log.frame(first, first + count - 1));
  }

  /** Frames arrive in any order, once, twice or never. */
  frame(pick: number, fate: 'deliver' | 'double' | 'lose'): void {
    const index = this.#air.length === 0 ? 0 : pick % this.#air.length;
    const [frame] = this.#air.splice(index, 1);
    if (!frame) return;
    if (fate === 'double') this.#air.push(frame);
    if (fate !== 'lose') this.server.link.events(frame);
  }

  /** Answers what is asked, `late` with what is true now. */
  answer(how: 'now' | 'late' | 'busy' | 'twice'): void {
    const request = this.#request();
    if (!request) return;
    if (how === 'busy') return request.refuse(wireError('BUSY', { retryAfterMs: 30 }));
    const items = request.body.items.map((item) => this.log.answer(item));
    const give = () => request.answer({ items });
    if (how === 'late') this.#late.push(give);
    else give();
    if (how === 'twice') this.#late.push(give);
  }

  release(): void {
    this.#late.shift()?.();
  }

  drop(): void {
    this.#air = [];
    this.server.link.drop();
  }

  /** From here on the network is good; whatever is asked is answered. */
  async calm(): Promise<void> {
    while (this.#late.length > 0) this.release();
    for (let turn = 0; turn < 60; turn++) {
      await this.server.clock.advance(1_000);
      this.answer('now');
      this.#leave();
      if (turn === 30) {
        this.publish(1);
        this.server.link.events(this.log.frame(this.log.events.length));
      }
    }
  }

  async step(): Promise<void> {
    await this.server.settle();
    this.#leave();
  }

  #leave(): void {
    const { requests } = this.server.link;
    while (requests.some(({ name }) => name === 'unsubscribe')) this.server.expectUnsubscribe().answer();
  }

  #request(): FakeRequest<SubscribeFrame> | undefined {
    return this.server.link.requests.some(({ name }) => name === 'subscribe')
      ? this.server.expectSubscribe()
      : undefined;
  }
}

type Action = (world: World) => void | Promise<void>;

const named = (name: string, action: Action) => Object.assign(action, { toString: () => name });
const always = (name: string, action: Action) => fc.constant(named(name, action));
const pick = fc.nat(9);

const actions: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.integer({ min: 1, max: 4 }).map((n) => named(`publish ${n}`, (world) => world.publish(n))),
  },
  { weight: 6, arbitrary: always('deliver', (world) => world.frame(0, 'deliver')) },
  { weight: 3, arbitrary: pick.map((n) => named(`swap ${n}`, (world) => world.frame(n, 'deliver'))) },
  { weight: 2, arbitrary: pick.map((n) => named(`double ${n}`, (world) => world.frame(n, 'double'))) },
  { weight: 2, arbitrary: pick.map((n) => named(`lose ${n}`, (world) => world.frame(n, 'lose'))) },
  { weight: 6, arbitrary: always('answer', (world) => world.answer('now')) },
  { weight: 3, arbitrary: always('answer late', (world) => world.answer('late')) },
  { weight: 1, arbitrary: always('answer twice', (world) => world.answer('twice')) },
  { weight: 1, arbitrary: always('busy', (world) => world.answer('busy')) },
  { weight: 3, arbitrary: always('release', (world) => world.release()) },
  { weight: 2, arbitrary: always('drop', (world) => world.drop()) },
  { weight: 1, arbitrary: always('cut', (world) => world.cut()) },
  { weight: 1, arbitrary: always('drain', (world) => world.drain()) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom<Whim>('throw', 'resubscribe', 'disconnect', 'send')
      .map((whim) => named(`next event: ${whim}`, (world) => void (world.whim = whim))),
  },
  { weight: 3, arbitrary: always('wait', (world) => world.server.clock.advance(120)) },
  { weight: 1, arbitrary: always('wait long', (world) => world.server.clock.advance(16_000)) },
  { weight: 1, arbitrary: always('resubscribe', (world) => world.subscribe()) },
  { weight: 1, arbitrary: always('resubscribe there', (world) => world.subscribe(world.sub?.position)) },
  { weight: 1, arbitrary: always('expire', ({ log }) => log.expire(log.events.length - 1)) },
  { weight: 1, arbitrary: always('restart', ({ log }) => log.restart()) },
  {
    weight: 1,
    arbitrary: always('lagging', ({ server: { link } }) =>
      link.control({ kind: 'lagging', channels: ['desk.SFO'], retryAfterMs: 40 }),
    ),
  },
  {
    weight: 1,
    arbitrary: always('discontinuity', ({ server: { link } }) =>
      link.control({ kind: 'discontinuity', channel: 'desk.SFO', reason: 'epoch' }),
    ),
  },
);

describe('whatever the network does', () => {
  it('the application sees each event once, in order, without a hole, or is warned first', async () => {
    let events = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(actions, { minLength: 5, maxLength: 80 }), async (history) => {
        const world = new World();
        world.subscribe();
        await world.step();
        for (const action of history) {
          await action(world);
          await world.step();
        }
        await world.calm();
        expect(world.witnesses.flatMap(({ faults }) => faults)).toEqual([]);
        // All of the log was handed over or warned of: nothing is left behind the last position.
        expect([world.sub?.state, world.sub?.position]).toEqual(['subscribed', world.log.head]);
        expect(world.server.reported).toHaveLength(world.thrown);
        world.client.close();
        await world.step();
        expect(world.server.clock.pending).toBe(0);
        events += world.log.events.length;
      }),
      { numRuns: 600 },
    );
    expect(events).toBeGreaterThan(1_000);
    // Some 80 turns of promises in each of 24,000 steps: 3 s on a quiet machine.
  }, 30_000);

  it('a witness sees a double, a hole and a swap', () => {
    const seen = (...offsets: number[]) => {
      const witness = new Witness('e.1.a.1');
      for (const offset of offsets) {
        witness.saw(`e/${offset}`, { offset, position: `e.${offset}.a.1` } as unknown as EventMeta);
      }
      return witness.faults.length;
    };
    expect([seen(2, 3), seen(2, 2), seen(2, 4), seen(3, 2), seen(1)]).toEqual([0, 2, 1, 3, 2]);
  });
});
