import { readFileSync } from 'node:fs';
import type { ControlFrame, EventsFrame, SubscribeFrame } from '@millrace/protocol';
import { expect, it } from 'vitest';
import { createClient, defineChannel, event } from './index.js';
import { FakeServer, type FakeRequest } from './testing/index.js';

/** One thing that server or client does, or what the application has heard since it was last asked. */
type Step =
  | { readonly asks: { readonly since?: string; readonly grant?: string } }
  | { readonly answer: object }
  | { readonly frame: EventsFrame }
  | { readonly control: ControlFrame }
  | { readonly reconnects: true }
  | { readonly hears: readonly object[] }
  | { readonly position: string };

interface Script {
  readonly name: string;
  readonly since?: string;
  readonly steps: readonly Step[];
}

const file = new URL('../../../docs/protocol-vectors.json', import.meta.url);
const { subscriptions } = JSON.parse(readFileSync(file, 'utf8')) as { readonly subscriptions: readonly Script[] };

const things = defineChannel('things.:name', {
  delivery: 'durable',
  events: { 'thing.happened': event<{ n: number }>() },
});

/** A subscriber of the SDK on a scripted server. */
class Stage {
  readonly #server = new FakeServer();
  readonly #client = createClient(this.#server.options);
  #asked: FakeRequest<SubscribeFrame> | undefined;
  readonly #heard: object[] = [];
  readonly #subscription;

  constructor(since: string | undefined) {
    this.#subscription = this.#client.subscribe(things, { name: 'red' }, since === undefined ? {} : { since });
    this.#subscription.on('thing.happened', ({ n }) => this.#heard.push({ event: n }));
    this.#subscription.on('discontinuity', ({ reason }) => this.#heard.push({ lost: reason }));
    this.#subscription.on('recovered', ({ count }) => this.#heard.push({ recovered: count }));
    this.#subscription.on('error', ({ code }) => this.#heard.push({ ended: code }));
  }

  /** Does the step; where it is one that checks something, answers with what there is and what there should be. */
  async do(step: Step): Promise<readonly [found: unknown, wanted: unknown]> {
    await this.#server.settle();
    if ('asks' in step) return [this.#ask(), [step.asks]];
    if ('hears' in step) return [this.#heard.splice(0), step.hears];
    if ('position' in step) return [this.#subscription.position, step.position];
    if ('answer' in step) this.#answer(step.answer);
    else if ('frame' in step) this.#server.link.events(step.frame);
    else if ('control' in step) this.#server.link.control(step.control);
    else await this.#reconnect();
    return [undefined, undefined];
  }

  close(): void {
    this.#client.close();
  }

  #ask(): unknown {
    this.#asked = this.#server.expectSubscribe();
    return this.#asked.body.items.map(({ since, grant }) => ({ ...(since && { since }), ...(grant && { grant }) }));
  }

  #answer(answer: object): void {
    this.#asked?.answer({ items: [{ sid: this.#asked.body.items[0]?.sid, ...answer }] });
  }

  async #reconnect(): Promise<void> {
    const before = this.#server.links.length;
    this.#server.link.drop();
    while (this.#server.links.length === before) await this.#server.clock.advance(100);
  }
}

it.each(subscriptions)('the SDK does what docs/protocol-vectors.json says: $name', async ({ since, steps }) => {
  const stage = new Stage(since);
  for (const step of steps) {
    const [found, wanted] = await stage.do(step);
    expect(found, JSON.stringify(step)).toEqual(wanted);
  }
  stage.close();
});

it('docs/protocol-vectors.json has only steps that this test knows', () => {
  const known = ['asks', 'answer', 'frame', 'control', 'reconnects', 'hears', 'position'];
  const kinds = new Set(subscriptions.flatMap(({ steps }) => steps.flatMap((step) => Object.keys(step))));
  expect([...kinds].filter((kind) => !known.includes(kind))).toEqual([]);
});
