import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HealthCluster, stages, type Stage, type Witness } from '../testing/health-cluster.js';

beforeEach(() => {
  for (const level of ['log', 'warn'] as const) vi.spyOn(Logger.prototype, level).mockReturnValue();
});

let cluster: HealthCluster;
afterEach(async () => {
  await cluster.stop();
  vi.restoreAllMocks();
});

async function running(nodes: number, witness: Witness): Promise<HealthCluster> {
  cluster = new HealthCluster(nodes, witness);
  await cluster.start();
  expect(await cluster.watch(1_000)).toEqual([nodes, nodes].map((count) => Array(count).fill('ready')));
  return cluster;
}

/** What one node was seen as, in turn. */
const historyOf = (seen: readonly (readonly string[])[], node: number): string[] =>
  seen.map((states) => states[node] ?? '').filter((state, at, all) => state !== all[at - 1]);

const witnesses: Witness[] = ['answers', 'log'];
const cases = stages.flatMap((stage) => witnesses.map((witness): [Stage, Witness] => [stage, witness]));

describe.each(cases)('when the %s breaks, and nodes know of one another by %s', (stage, witness) => {
  it('the one node that it breaks on is unready within 15 s, no other is, and it comes back by itself', async () => {
    const { nodes } = await running(3, witness);
    nodes[1]?.broken.add(stage);
    const before = await cluster.watch(15_000);
    expect(before.at(-1)).toEqual(['ready', 'unready', 'ready']);
    expect([0, 2].map((node) => historyOf(before, node))).toEqual([['ready'], ['ready']]);
    expect((await cluster.watch(60_000)).every((states) => states[1] === 'unready')).toBe(true);
    nodes[1]?.repair();
    expect((await cluster.watch(10_000)).at(-1)).toEqual(['ready', 'ready', 'ready']);
  });

  it('on all nodes, none leaves the load balancer, and never all of them while they recover one after the other', async () => {
    const { nodes } = await running(3, witness);
    for (const node of nodes) {
      node.broken.add(stage);
      await cluster.watch(500);
    }
    const during = await cluster.watch(60_000);
    expect(during.flat()).not.toContain('unready');
    expect(during.at(-1)).toEqual(['degraded', 'degraded', 'degraded']);
    const after: (readonly string[])[] = [];
    for (const node of nodes) {
      node.repair();
      after.push(...(await cluster.watch(1_000)));
    }
    after.push(...(await cluster.watch(10_000)));
    // One that is still broken while others work again may step back until it works too; never all of them.
    expect(after.filter((states) => states.every((state) => state === 'unready'))).toEqual([]);
    expect(after.at(-1)).toEqual(['ready', 'ready', 'ready']);
  });

  it('on the only node, it stays and says so', async () => {
    const { nodes } = await running(1, witness);
    nodes[0]?.broken.add(stage);
    const seen = await cluster.watch(60_000);
    expect(historyOf(seen, 0)).toEqual(['ready', 'degraded']);
    expect(nodes[0]?.readiness.current().reason).toMatch(/^(a transaction|an event|the database|this node) /);
  });
});

it('nodes that break one after the other never all leave: those that left come back', async () => {
  const { nodes } = await running(3, 'answers');
  const seen: (readonly string[])[] = [];
  for (const node of nodes) {
    node.broken.add('pool');
    seen.push(...(await cluster.watch(20_000)));
  }
  seen.push(...(await cluster.watch(20_000)));
  expect(seen.filter((states) => states.every((state) => state === 'unready'))).toEqual([]);
  expect(seen.at(-1)).toEqual(['degraded', 'degraded', 'degraded']);
});

it('a canary that waits for a connection has no second one behind it', async () => {
  const { nodes } = await running(1, 'answers');
  nodes[0]?.broken.add('pool');
  await cluster.watch(60_000);
  expect(nodes[0]?.waitingForConnection).toBe(1);
});

it('a broker that loses everything is no fault, because the log brings events in time', async () => {
  const { nodes } = await running(2, 'answers');
  vi.spyOn(nodes[0]!.broker, 'publish').mockReturnValue();
  expect(new Set((await cluster.watch(60_000)).flat())).toEqual(new Set(['ready']));
});
