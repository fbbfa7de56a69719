import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import { systemClock } from '../core/clock.js';
import { hashed } from './hashed.js';
import { SharedRate } from './shared-rate.js';

const url = process.env['REDIS_URL'] ?? '';
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function clientOf(address: string): Promise<Redis> {
  const client = new Redis(address, { enableOfflineQueue: false, maxRetriesPerRequest: 0, lazyConnect: true });
  client.on('error', () => {});
  closers.push(() => client.disconnect());
  await client.connect();
  return client;
}

function rateOn(client: Redis, prefix: string): SharedRate {
  const rate = new SharedRate('subject', systemClock);
  rate.share(client, prefix);
  return rate;
}

describe('a rate over all nodes', () => {
  it('counts what any of them saw, and keeps no name in Redis', async () => {
    const prefix = `millrace:${randomUUID()}:limits`;
    const client = await clientOf(url);
    const nodes = [rateOn(client, prefix), rateOn(await clientOf(url), prefix)];
    const waits: number[] = [];
    for (let n = 0; n < 6; n++) waits.push((await nodes[n % 2]?.take('ann', 4)) ?? -1);
    expect(waits.slice(0, 4)).toEqual([0, 0, 0, 0]);
    for (const wait of waits.slice(4)) expect(wait).toBeGreaterThan(50_000);
    expect(await client.keys(`${prefix}:*`)).toEqual([`${prefix}:subject:${hashed('ann')}`]);
    expect(await client.pttl(`${prefix}:subject:${hashed('ann')}`)).toBeGreaterThan(50_000);
    expect(await nodes[0]?.take('bob', 4)).toBe(0);
  });

  it('blocks one on all of them', async () => {
    const prefix = `millrace:${randomUUID()}:limits`;
    const nodes = [rateOn(await clientOf(url), prefix), rateOn(await clientOf(url), prefix)];
    await nodes[0]?.block('ann', 100, 10_000);
    expect(await nodes[1]?.take('ann', 100)).toBeGreaterThan(9_000);
    expect(await nodes[1]?.take('bob', 100)).toBe(0);
  });

  it('is counted by each node alone while Redis does not answer, and nobody waits for it twice', async () => {
    const proxy = await TcpProxy.listen(Number(new URL(url).port));
    closers.push(() => proxy.close());
    const rate = rateOn(await clientOf(proxy.url.replace('http', 'redis')), `millrace:${randomUUID()}:limits`);
    expect(await rate.take('ann', 2)).toBe(0);
    proxy.swallow();
    const since = performance.now();
    expect(await rate.take('ann', 2)).toBe(0);
    expect(performance.now() - since).toBeLessThan(1_000);
    const again = performance.now();
    expect(await rate.take('ann', 2)).toBe(0);
    expect(await rate.take('ann', 2)).toBeGreaterThan(0);
    expect(performance.now() - again).toBeLessThan(50);
  });

  it('is counted by each node alone while Redis is away', async () => {
    const client = await clientOf(url);
    const rate = rateOn(client, `millrace:${randomUUID()}:limits`);
    client.disconnect();
    expect([await rate.take('ann', 1), (await rate.take('ann', 1)) > 0]).toEqual([0, true]);
  });
});
