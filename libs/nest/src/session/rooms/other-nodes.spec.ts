import { EventEmitter } from 'node:events';
import type { Namespace } from 'socket.io';
import { expect, it } from 'vitest';
import { FakeClock, settled } from '../../core/testing/fake-clock.js';
import { randomIds } from '../../core/ids.js';
import { OtherNodes } from './other-nodes.js';
import type { NodeDescription } from './node-description.js';

const clock = new FakeClock();
const described = (id: string): NodeDescription => ({ id }) as NodeDescription;

/** Nodes on one adapter; `count` is how many it says there are. */
class Network {
  readonly #namespaces: EventEmitter[] = [];
  isUp = true;
  count: () => Promise<number> = async () => this.#namespaces.length;

  join(describe?: () => NodeDescription): OtherNodes {
    const own = new EventEmitter();
    this.#namespaces.push(own);
    const serverSideEmit = (name: string, ...args: unknown[]): void => {
      for (const namespace of this.#namespaces) if (namespace !== own) namespace.emit(name, ...args);
    };
    const adapter = { serverCount: () => this.count() };
    const nodes = new OtherNodes({ isConnected: () => this.isUp, clock, ids: randomIds });
    nodes.bind(Object.assign(own, { serverSideEmit, adapter }) as unknown as Namespace);
    if (describe) nodes.answer(describe);
    return nodes;
  }
}

it('hands on what all of them say, as soon as they have', async () => {
  const network = new Network();
  const asking = network.join();
  for (const id of ['b', 'c']) network.join(() => described(id));
  expect(await asking.ask()).toEqual({ nodes: [{ id: 'b' }, { id: 'c' }], complete: true });
  expect(clock.pending).toBe(0);
});

it('is alone', async () => {
  expect(await new Network().join().ask()).toEqual({ nodes: [], complete: true });
});

it.each([
  ['one of them is frozen', async () => 4],
  ['nobody says how many there are', () => new Promise<number>(() => {})],
  ['Redis refuses to', () => Promise.reject(new Error('no'))],
])('hands on what those say that answered in time when %s', async (_when, count) => {
  const network = new Network();
  network.count = count;
  const asking = network.join();
  network.join(() => described('b'));
  network.join(() => 'nonsense' as unknown as NodeDescription);
  const answers = asking.ask(500);
  await settled();
  await clock.advance(499);
  expect(await Promise.race([answers, Promise.resolve('waiting')])).toBe('waiting');
  await clock.advance(1);
  expect(await answers).toEqual({ nodes: [{ id: 'b' }], complete: false });
});

it('keeps the answers to one question from another', async () => {
  const network = new Network();
  const [one, other] = [network.join(() => described('a')), network.join(() => described('b'))];
  const answers = await Promise.all([one.ask(), other.ask(), one.ask()]);
  expect(answers.map(({ nodes }) => nodes)).toEqual([[{ id: 'b' }], [{ id: 'a' }], [{ id: 'b' }]]);
});

it('does not ask while nodes cannot hear each other', async () => {
  const network = new Network();
  const asking = network.join();
  network.join(() => {
    throw new Error('asked');
  });
  network.isUp = false;
  expect(await asking.ask()).toEqual({ nodes: [], complete: false });
});
