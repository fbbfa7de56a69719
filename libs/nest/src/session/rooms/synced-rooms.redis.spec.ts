import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serviceAddress } from '../../../../../test/support/service-address.js';
import { RedisBench } from '../../redis/testing/redis-bench.js';
import { redisRefused } from '../../redis/redis.metrics.js';
import { roomMessagesFailed, roomMessagesLost } from '../session.metrics.js';
import { roomsKey, type RoomsKey } from './rooms-key.js';
import { syncedRooms } from './synced-rooms.js';

/** The namespace of an application whose rooms reach over Redis, and clients of it. */
class Hall {
  readonly server = new Server(0, { transports: ['websocket'] });
  readonly namespace;
  readonly #clients: Socket[] = [];

  constructor(
    readonly redis: RedisBench,
    readonly key: RoomsKey,
  ) {
    const { publisher, subscriber, recorder } = redis;
    this.server.adapter(syncedRooms({ publisher, subscriber, recorder, key }).shared);
    this.namespace = this.server.of('/hall');
    this.namespace.on('connection', (socket) => {
      socket.data['count'] = 1n;
      void socket.join('all');
    });
  }

  static async open(key: RoomsKey): Promise<Hall> {
    const redis = await RedisBench.open();
    await vi.waitUntil(() => redis.isUp);
    return new Hall(redis, key);
  }

  async enter(): Promise<Socket> {
    const { port } = this.server.httpServer.address() as { port: number };
    const client = io(`http://127.0.0.1:${port}/hall`, { transports: ['websocket'], reconnection: false });
    this.#clients.push(client);
    await vi.waitUntil(() => client.connected);
    return client;
  }

  get failed(): number {
    return this.redis.recorder.valueOf(roomMessagesFailed) ?? 0;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.server.close();
    await this.redis.close();
  }
}

describe('rooms over Redis', () => {
  let one: Hall;
  let other: Hall;
  let prefix: string;
  let rejections: unknown[];
  const note = (reason: unknown): void => void rejections.push(reason);

  beforeEach(async () => {
    for (const level of ['log', 'warn'] as const) vi.spyOn(Logger.prototype, level).mockReturnValue();
    rejections = [];
    process.on('unhandledRejection', note);
    prefix = `test-${randomUUID()}`;
    const key = roomsKey(prefix, 'one');
    [one, other] = await Promise.all([Hall.open(key), Hall.open(key)]);
  });
  afterEach(async () => {
    await Promise.all([one.close(), other.close()]);
    process.off('unhandledRejection', note);
    vi.restoreAllMocks();
  });

  const say = (text: string): void => void one.namespace.to('all').emit('said', text);
  async function hearing(hall: Hall): Promise<string[]> {
    const heard: string[] = [];
    (await hall.enter()).on('said', (text: string) => heard.push(text));
    return heard;
  }
  /** Also shows that the subscriptions of both are there. */
  const isHeard = async (heard: string[]): Promise<void> => {
    await vi.waitFor(() => {
      say('hello');
      expect(heard).toContain('hello');
    });
  };

  it('survive whatever is said on their channels', async () => {
    const heard = await hearing(other);
    await isHeard(heard);
    const { publisher } = one.redis;
    const payloads = [
      'nonsense',
      '{',
      '{}',
      'null',
      ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((type) => JSON.stringify({ type, requestId: 'x', uid: 'x' })),
      ...[2, 3, 4, 5].map((type) => JSON.stringify({ type, requestId: 'x', uid: 'x', opts: { rooms: 1 } })),
    ];
    const key = one.key.shared;
    for (const channel of [`${key}#/hall#`, `${key}#/hall#all#`, `${key}-request#/hall#`, `${key}-response#/hall#`]) {
      publisher.publish(
        payloads.map((payload) => ({ channel, payload })),
        () => {},
      );
    }
    say('still there');
    await vi.waitFor(() => expect(heard).toContain('still there'));
    expect(other.failed).toBeGreaterThan(10);
    expect(rejections).toEqual([]);
  });

  it('look at nothing of another installation, though its rooms come by the same pattern', async () => {
    const heard = await hearing(other);
    await isHeard(heard);
    one.namespace.in('all').socketsJoin('few');
    const stranger = new Redis(serviceAddress('REDIS_URL'));
    // Both hear each of them by the pattern, and by it alone.
    for (const key of [roomsKey(prefix, 'two').shared, one.key.own, one.key.shared]) {
      expect(await stranger.publish(`${key}#/hall#all#`, 'forged')).toBe(2);
    }
    expect(await stranger.publish(`${one.key.shared}-request#/hall#`, 'forged')).toBe(2);
    stranger.disconnect();
    heard.length = 0;
    await isHeard(heard);
    for (const { redis } of [one, other]) {
      const refused = (reason: 'forged' | 'replayed') => redis.recorder.valueOf(redisRefused, { reason }) ?? 0;
      expect([refused('forged'), refused('replayed')]).toEqual([2, 0]);
    }
  });

  it('tell another node of sockets without what would let it in as them', async () => {
    const heard = await hearing(other);
    await isHeard(heard);
    for (const socket of other.namespace.sockets.values()) {
      socket.data = {};
      socket.handshake.headers.cookie = 'sid=secret';
      socket.handshake.auth = { token: 'secret' };
    }
    const sockets = await one.namespace.fetchSockets();
    expect(sockets).toHaveLength(1);
    expect(sockets[0]?.handshake.headers).toHaveProperty('host');
    expect(JSON.stringify(sockets[0]?.handshake)).not.toContain('secret');
  });

  it('survive data of a socket that cannot be sent to whoever asks for it', async () => {
    const heard = await hearing(other);
    await isHeard(heard);
    const before = other.failed;
    one.namespace.fetchSockets().catch(() => {});
    await vi.waitFor(() => expect(other.failed).toBe(before + 1));
    expect(rejections).toEqual([]);
  });

  it('are those of the own node while Redis is away, and of both when it is back', async () => {
    const [near, far] = [await hearing(one), await hearing(other)];
    await isHeard(far);
    one.redis.goAway();
    await vi.waitFor(() => expect(one.redis.isUp).toBe(false));
    const lost = one.redis.recorder.valueOf(roomMessagesLost) ?? 0;
    one.namespace.in('all').socketsJoin('few');
    one.namespace.to('few').emit('said', 'alone');
    await vi.waitFor(() => expect(near).toContain('alone'));
    expect(one.redis.recorder.valueOf(roomMessagesLost)).toBe(lost + 1);
    await expect(one.namespace.fetchSockets()).rejects.toThrow('writeable');
    const leaver = await one.enter();
    one.namespace.in(leaver.id!).disconnectSockets();
    await vi.waitFor(() => expect(leaver.connected).toBe(false));

    one.redis.comeBack();
    await vi.waitFor(() => expect(one.redis.isUp).toBe(true), { timeout: 5_000 });
    one.namespace.in('all').socketsJoin('many');
    await vi.waitFor(() => {
      one.namespace.to('many').emit('said', 'together');
      expect(far).toContain('together');
    });
    expect(far).not.toContain('alone');
    expect(rejections).toEqual([]);
  });
});
