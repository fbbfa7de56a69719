import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serviceAddress } from '../support/service-address.js';
import { LeastConnections } from './support/least-connections.js';
import { total } from './support/metrics.js';
import type { NotesNode } from './support/notes-node.js';
import { Stage } from './support/stage.js';
import { newSecret, signToken } from './support/tokens.js';
import { until } from './support/until.js';

const CLIENTS = 30;
const clockAhead = fileURLToPath(new URL('support/clock-ahead.mjs', import.meta.url));

let stage: Stage;
let nodes: readonly NotesNode[];
let balancer: LeastConnections;
beforeAll(async () => {
  stage = await Stage.set({ redis: { url: serviceAddress('REDIS_URL') } });
  const otherSecret = await stage.joinNode({ secret: newSecret() });
  const otherClock = await stage.joinNode({}, clockAhead);
  nodes = [otherSecret, otherClock, stage.node];
  for (const node of nodes) {
    await until('Redis is there', async () => total(await node.metrics(), 'realtime_redis_up_connections') === 2);
  }
  balancer = await LeastConnections.before(
    nodes.map((node) => ({ port: node.port, readiness: () => node.readiness() })),
  );
});
afterAll(async () => {
  await balancer.close();
  await stage.clear();
});

it('one node with another secret and one whose clock is ahead sign nobody out, and leave the load balancer', async () => {
  const stopped: string[] = [];
  const reasons = new Set<unknown>();
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    const token = () => signToken(stage.secret, `reader-${index}`);
    const client = stage.client(`reader-${index}`, {
      url: balancer.url,
      token,
      minBackoffMs: 500,
      maxBackoffMs: 10_000,
    });
    client.onState((state) => {
      if (state.kind === 'needs-auth' || state.kind === 'disconnected') stopped.push(state.kind);
      if ('error' in state) reasons.add(state.error?.reason ?? state.error?.code);
    });
    return client;
  });
  for (const client of clients) client.connect();
  const isThere = () => clients.every(({ state }) => state.kind === 'connected');
  const tookMs = await until('everybody is connected', isThere, 55_000);
  console.log(
    `with two bad nodes of three, ${CLIENTS} clients are connected after ${Math.round(tookMs)} ms:`,
    balancer.given,
  );
  expect(stopped).toEqual([]);
  expect(reasons).toContain('signature');
  expect(await Promise.all(nodes.map((node) => node.readiness()))).toEqual([503, 503, 200]);
}, 60_000);

it('tokens that somebody invents leave every node where it is', async () => {
  const forge = newSecret();
  const before = await stage.node.readiness();
  const clients = Array.from({ length: 50 }, (_, index) =>
    stage.client('stranger', {
      url: stage.node.url,
      token: () => signToken(forge, `invented-${index}-${Math.random()}`),
      refusalPatienceMs: 1,
    }),
  );
  for (const client of clients) client.connect();
  await until('all are refused for good', () => clients.every(({ state }) => state.kind === 'needs-auth'), 20_000);
  expect([before, await stage.node.readiness()]).toEqual([200, 200]);
}, 30_000);
