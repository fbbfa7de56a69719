import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startBreakable } from '../../../../test/support/breakable.js';
import { systemClock } from '../core/clock.js';
import { FakeClock } from '../core/testing/fake-clock.js';
import { SharedRate } from '../limits/shared-rate.js';
import { roomsKey } from '../session/rooms/rooms-key.js';
import { MemoryRecorder } from '../stream/testing/memory-recorder.js';
import { RedisEcho } from './redis-echo.js';
import { redisRules } from './redis-rules.js';
import { testSeal } from './testing/test-seal.js';
import { RedisPublisher } from './redis-publisher.js';
import { RedisSubscriber } from './redis-subscriber.js';
import { redisEchoes, redisUnheard, redisUp } from './redis.metrics.js';

type Server = Awaited<ReturnType<typeof startBreakable>>;
const CHANNEL = 'millrace:test:sealed:events:_millrace.echo';

let primary: Server;
let replica: Server;
let admin: Redis;
beforeAll(async () => {
  [primary, replica] = await Promise.all([startBreakable('redis'), startBreakable('redis')]);
  admin = new Redis(primary.url);
  const asReplica = new Redis(replica.url);
  await asReplica.call('REPLICAOF', '127.0.0.1', new URL(primary.url).port);
  const isLinked = async () => String(await asReplica.info('replication')).includes('master_link_status:up');
  await vi.waitUntil(isLinked, { timeout: 20_000 });
  asReplica.disconnect();
}, 60_000);
afterAll(async () => {
  admin.disconnect();
  await Promise.all([primary.stop(), replica.stop()]);
});

/** One node's connections and its echo, whose rounds the test runs. */
class EchoNode {
  readonly clock = new FakeClock();
  readonly recorder = new MemoryRecorder();
  known: string[] = [];
  readonly publisher: RedisPublisher;
  readonly subscriber: RedisSubscriber;
  readonly echo: RedisEcho;

  constructor(
    readonly name: string,
    url: string,
  ) {
    const parts = { url, clock: this.clock, random: () => 0, recorder: this.recorder, seal: testSeal() };
    this.publisher = new RedisPublisher(parts);
    this.subscriber = new RedisSubscriber(parts);
    this.echo = new RedisEcho({
      ...parts,
      publisher: this.publisher,
      subscriber: this.subscriber,
      node: name,
      prefix: 'millrace',
      knownNodes: () => Promise.resolve(this.known),
    });
  }

  async start(): Promise<void> {
    this.publisher.start();
    this.subscriber.start();
    const { connection } = this.publisher;
    await vi.waitUntil(() => connection.isUp && this.subscriber.connection.isUp, { timeout: 5_000 });
    this.echo.start(CHANNEL);
  }

  /** Rounds pass, each with time for real answers. */
  async rounds(count: number): Promise<void> {
    for (let round = 0; round < count; round++) {
      await this.clock.advance(3_000);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }

  up(connection: 'publisher' | 'subscriber'): number {
    return this.recorder.valueOf(redisUp, { connection });
  }

  async stop(): Promise<void> {
    const stopping = this.echo.stop();
    await this.clock.advance(5_000);
    await stopping;
    await Promise.all([this.publisher.stop(), this.subscriber.stop()]);
  }
}

const nodes: EchoNode[] = [];
async function started(name: string, url: string): Promise<EchoNode> {
  const node = new EchoNode(name, url);
  nodes.push(node);
  await node.start();
  return node;
}

let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
  vi.restoreAllMocks();
});

const asUser = (name: string): string => {
  const url = new URL(primary.url);
  return `redis://${name}:secret@${url.host}`;
};
const allow = (name: string, ...rules: string[]) =>
  admin.call('ACL', 'SETUSER', name, 'reset', 'on', '>secret', '+@all', '~*', 'resetchannels', ...rules);

it('is satisfied with a Redis that carries messages, and with nodes that it hears', async () => {
  const [one, two] = [await started('one', primary.url), await started('two', primary.url)];
  one.known = ['two'];
  for (let round = 0; round < 9; round++) await Promise.all([one.rounds(1), two.rounds(1)]);
  expect(one.echo.fault).toBeUndefined();
  expect(one.recorder.valueOf(redisEchoes, { outcome: 'returned' })).toBeGreaterThan(6);
  expect(one.recorder.valueOf(redisUnheard)).toBe(0);
  expect(warn).not.toHaveBeenCalled();
});

it('says which rule is missing where Redis forbids the channels, is not up meanwhile, and recovers by itself', async () => {
  await allow('muted');
  const node = await started('muted', asUser('muted'));
  await node.rounds(2);
  expect(node.echo.fault).toMatchObject({ kind: 'refused' });
  expect(node.echo.fault?.reason).toContain('NOPERM');
  expect(node.echo.fault?.reason).toContain(redisRules('millrace'));
  expect([node.up('publisher'), node.up('subscriber')]).toEqual([0, 0]);
  expect([node.publisher.isUp, node.subscriber.isUp]).toEqual([false, false]);
  const said = warn.mock.calls.map((call: unknown[]) => String(call[0]));
  expect(said.filter((text: string) => text.includes('NOPERM'))).toHaveLength(1);
  await allow('muted', '&millrace:*');
  await node.rounds(2);
  expect(node.echo.fault).toBeUndefined();
  expect([node.up('publisher'), node.up('subscriber')]).toEqual([1, 1]);
});

it('notices that rooms alone are forbidden, over which live events go', async () => {
  await allow('deaf', '&millrace:*:events:*');
  const node = await started('deaf', asUser('deaf'));
  await node.subscriber.psubscribe('millrace:test:rooms#/realtime#*').catch(() => {});
  await node.rounds(1);
  expect(node.echo.fault).toMatchObject({ kind: 'refused' });
  expect([node.up('publisher'), node.up('subscriber')]).toEqual([1, 0]);
});

it('has all that it needs with the rules of docs/deployment.md, before there is a database, and nothing else', async () => {
  const rules = redisRules('millrace');
  expect(readFileSync('docs/deployment.md', 'utf8')).toContain(`ACL SETUSER millrace on >PASSWORD ${rules}\n`);
  await admin.call('ACL', 'SETUSER', 'documented', 'reset', 'on', '>secret', ...rules.split(' '));
  const node = await started('documented', asUser('documented'));
  const key = roomsKey('millrace', 'some-id');
  await node.subscriber.psubscribe(key.pattern);
  await node.subscriber.subscribe(`${key.shared}-request#/#`);
  await node.rounds(2);
  expect(node.echo.fault).toBeUndefined();
  expect([node.up('publisher'), node.up('subscriber')]).toEqual([1, 1]);
  const { client } = node.publisher.connection;
  expect(await client.call('PUBSUB', 'NUMSUB', `${key.shared}-request#/#`)).toEqual([expect.anything(), 1]);
  const rate = new SharedRate('subject', systemClock);
  rate.share(client, 'millrace:some-id:limits');
  expect(await rate.take('ann', 9)).toBe(0);
  await rate.block('bob', 9, 10_000);
  // Not those that it counted by itself because Redis refused to.
  expect(await admin.keys('millrace:some-id:limits:*')).toHaveLength(2);
  expect((await admin.call('ACL', 'LOG')) as object[]).not.toContainEqual(expect.arrayContaining(['documented']));
  for (const [name, ...args] of [
    ['get', 'millrace:some-id:limits:subject:x'],
    ['keys', '*'],
    ['config', 'rewrite'],
    ['set', 'other', '1'],
    ['publish', 'other', '1'],
    ['pubsub', 'channels'],
    ['flushall'],
  ] as const) {
    await expect(client.call(name, ...args)).rejects.toThrow('NOPERM');
  }
  for (const pattern of ['*', 'millrace:*:sealed:events:*']) {
    await expect(node.subscriber.connection.client.psubscribe(pattern)).rejects.toThrow('NOPERM');
  }
});

it('notices that Redis is a replica, on which others do not hear what is published', async () => {
  const node = await started('far', replica.url);
  await node.rounds(2);
  expect(node.echo.fault).toMatchObject({ kind: 'replica' });
  expect(node.echo.fault?.reason).toContain('name the primary');
});

it('notices that another node of the database is not on this Redis, once it was silent for long enough', async () => {
  const node = await started('one', primary.url);
  node.known = ['elsewhere'];
  await node.rounds(3);
  expect(node.echo.fault).toBeUndefined();
  await node.rounds(12);
  expect(node.echo.fault).toMatchObject({ kind: 'unheard' });
  expect(node.echo.fault?.reason).toContain('1 of 1 other nodes');
  expect(node.recorder.valueOf(redisUnheard)).toBe(1);
  node.known = [];
  await node.rounds(1);
  expect(node.echo.fault).toBeUndefined();
});
