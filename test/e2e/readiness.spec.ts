import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serviceAddress } from '../support/service-address.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { DatabaseServer } from './support/database-server.js';
import { total } from './support/metrics.js';
import type { NotesNode } from './support/notes-node.js';
import { adminKey, askAsOperator } from './support/operator.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

/** Longer than the 5 s for which a pass counts, and than two checks after that. */
const OUTAGE_MS = 7_500;

let stage: Stage;
let server: DatabaseServer;
let network: TcpProxy;
let near: NotesNode;
let far: NotesNode;
let frozen: NotesNode;
beforeAll(async () => {
  stage = await Stage.set({ adminKey, redis: { url: serviceAddress('REDIS_URL') } });
  server = await DatabaseServer.of(stage.database);
  near = stage.node;
  const direct = new URL(stage.database.url);
  network = await TcpProxy.listen(Number(direct.port));
  far = await stage.joinNode({ databaseUrl: Object.assign(direct, { port: new URL(network.url).port }).href });
  frozen = await stage.joinNode();
  for (const node of [near, far, frozen]) {
    await until('Redis is there', async () => total(await node.metrics(), 'realtime_redis_up_connections') === 2);
  }
});
afterAll(async () => {
  frozen.signal('SIGCONT');
  await network.close();
  await server.close();
  await stage.clear();
});

const statuses = (): Promise<number[]> => Promise.all([near, far].map((node) => node.readiness()));

/** Everything that the load balancer was told meanwhile. */
async function statusesFor(ms: number): Promise<Set<string>> {
  const seen = new Set<string>();
  for (const end = performance.now() + ms; performance.now() < end; await sleep(100))
    seen.add(String(await statuses()));
  return seen;
}

it('falls to the node whose own way to the database is cut, and to no other', async () => {
  expect(await statuses()).toEqual([200, 200]);
  network.target = undefined;
  network.cut();
  await until('the node far from it is not ready', async () => (await far.readiness()) === 503);
  expect(await near.readiness()).toBe(200);
  network.target = Number(new URL(stage.database.url).port);
  await until('it is ready again', async () => (await far.readiness()) === 200);
  // In every respect: what is still broken then is a fault of its own, and stays one when the database goes away for all.
  await until('nothing is left', async () => (await far.metrics()).get('realtime_health_state{check="node"}') === 0);
});

it('stays with all of them when the database is away for all, one of which does not say so', async () => {
  frozen.signal('SIGSTOP');
  await server.allowConnections(false);
  await server.cut();
  expect(await statusesFor(OUTAGE_MS)).toEqual(new Set(['200,200']));
  for (const node of [near, far]) {
    expect(await askAsOperator(node, 'health/details')).toMatchObject({
      status: 200,
      body: { details: { stream: { status: 'up', state: 'degraded', passAgeMs: expect.any(Number) as number } } },
    });
  }
  await server.allowConnections(true);
  await until('passes run again', async () => {
    const { body } = await askAsOperator(near, 'health/details');
    return (body as { details: { stream: { state?: string } } }).details.stream.state === 'ready';
  });
});
