import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Breakable } from '../../../tools/services/breakable.mjs';
import { publishBySql } from '../../e2e/support/event-log.js';
import type { Cluster } from './cluster.js';

/** Something dies and comes back; `round` says how often it did before. */
type Fault = (cluster: Cluster, round: number) => Promise<void>;

/** Longer than a node needs to notice that Redis says nothing. */
const FROZEN_MS = 5_500;
const AWAY_MS = 1_500;

/** Somebody else writes while a part is away: to the outbox, which does not notice. */
const others = (cluster: Cluster): Promise<void> =>
  publishBySql(cluster.sql, { channel: 'board.b0', type: 'note.imported', count: 20 });

const redisFaults = {
  'redis killed': (redis) => async (cluster) => {
    await redis.end('SIGKILL');
    await others(cluster);
    await sleep(AWAY_MS);
    await redis.serve();
  },
  'redis frozen': (redis) => async (cluster) => {
    redis.signal('SIGSTOP');
    await others(cluster);
    await sleep(FROZEN_MS);
    redis.signal('SIGCONT');
  },
  'redis flushed, connections cut': (redis) => async () => {
    const socket = connect(redis.port, '127.0.0.1');
    socket.write('FLUSHALL\r\nCLIENT KILL TYPE normal SKIPME yes\r\nCLIENT KILL TYPE pubsub\r\n');
    await once(socket, 'data');
    socket.end();
  },
} as const satisfies Record<string, (redis: Breakable) => Fault>;

const otherFaults = {
  'node killed': async (cluster, round) => {
    const start = await cluster.killNode(round);
    await others(cluster);
    await start();
  },
  'postgres crashed': async ({ servers: { postgres } }) => {
    await postgres.end('SIGQUIT');
    await postgres.serve();
  },
  'load balancer killed': async ({ balancer }) => {
    await balancer.kill();
    await balancer.restart();
  },
} as const satisfies Record<string, Fault>;

/** All that can happen to this cluster, in an order in which one fault meets what the one before left. */
export function faultsOf(cluster: Cluster): readonly (readonly [name: string, fault: Fault])[] {
  const { redis } = cluster.servers;
  const ofRedis = redis ? Object.entries(redisFaults).map(([name, faultOf]) => [name, faultOf(redis)] as const) : [];
  return [...Object.entries(otherFaults), ...ofRedis];
}
