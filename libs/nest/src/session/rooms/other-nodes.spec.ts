import type { Namespace } from 'socket.io';
import { expect, it } from 'vitest';
import { FakeClock, settled } from '../../core/testing/fake-clock.js';
import { OtherNodes } from './other-nodes.js';

const clock = new FakeClock();

function asking(ask: () => Promise<unknown>, isConnected = true): OtherNodes {
  const nodes = new OtherNodes({ isConnected: () => isConnected, clock });
  nodes.bind({ on: () => {}, serverSideEmitWithAck: ask } as unknown as Namespace);
  return nodes;
}

it('hands on what all of them say', async () => {
  const nodes = asking(() => Promise.resolve([{ id: 'b' }, { id: 'c' }]));
  expect(await nodes.ask()).toEqual({ nodes: [{ id: 'b' }, { id: 'c' }], complete: true });
});

it('hands on what those say that answered in time, and nothing that is no description', async () => {
  const late = Object.assign(new Error('timeout reached'), { responses: [{ id: 'b' }, null, 'c'] });
  expect(await asking(() => Promise.reject(late)).ask()).toEqual({ nodes: [{ id: 'b' }], complete: false });
});

it('does not ask while nodes cannot hear each other', async () => {
  const nodes = asking(() => Promise.reject(new Error('asked')), false);
  expect(await nodes.ask()).toEqual({ nodes: [], complete: false });
});

it('does not wait for an adapter that never answers', async () => {
  const answer = asking(() => new Promise(() => {})).ask();
  await settled();
  await clock.advance(6_000);
  expect(await answer).toEqual({ nodes: [], complete: false });
  expect(clock.pending).toBe(0);
});
