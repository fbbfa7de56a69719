import { randomUUID } from 'node:crypto';
import { MillraceModule, ChannelPublisher, MillraceDatabase } from '@millrace/nest';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { board, postNote, startTyping, typing, writeNote } from '../apps/notes/contracts.js';
import { ways } from '../support/pgbouncer.js';
import { serviceAddress } from '../support/service-address.js';
import { JournalKeeper } from './support/journal-keeper.js';
import { LobbyGuest } from './support/lobby-guest.js';
import { total } from './support/metrics.js';
import type { NotesNode } from './support/notes-node.js';
import { adminKey, askAsOperator } from './support/operator.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const redis = () => ({ url: serviceAddress('REDIS_URL') });

describe('two nodes with Redis', () => {
  let stage: Stage;
  let other: NotesNode;
  const guests: LobbyGuest[] = [];
  beforeAll(async () => {
    stage = await Stage.set({ redis: redis(), adminKey, options: { hub: { digestIntervalMs: 5_000 } } });
    other = await stage.joinNode();
    for (const node of [stage.node, other]) {
      await until('Redis is there', async () => total(await node.metrics(), 'realtime_redis_up_connections') === 2);
    }
  });
  afterAll(async () => {
    for (const guest of guests) guest.leave();
    await stage.clear();
  });

  const guest = async (node: NotesNode, ...rooms: readonly string[]): Promise<LobbyGuest> => {
    const arrived = await LobbyGuest.at(node.url, ...rooms);
    guests.push(arrived);
    return arrived;
  };
  const reader = async (node: NotesNode, name: string): Promise<JournalKeeper> => {
    const keeper = new JournalKeeper('reader', stage.client('reader', { url: node.url }).subscribe(board, { name }));
    await until('it is subscribed', () => keeper.subscription.state === 'subscribed');
    return keeper;
  };

  it('bring a durable event from one to the other at once, long before the look into the log', async () => {
    const name = randomUUID();
    const keepers = [await reader(stage.node, name), await reader(other, name)];
    const writer = stage.client('ada', { url: stage.node.url });
    await writer.send(writeNote, { board: name, text: 'in a transaction' });
    await writer.send(postNote, { board: name, text: 'direct' });
    const tookMs = await until('both are everywhere', () => keepers.every(({ events }) => events.length === 2), 3_000);
    expect(tookMs).toBeLessThan(1_000);
    expect((await other.metrics()).get('realtime_broker_batches_delivered_total{from="other"}')).toBe(2);
    expect(keepers[1]?.events).toEqual(keepers[0]?.events);
  });

  it('know of each other', async () => {
    await stage.client('ada', { url: other.url }).send(postNote, { board: randomUUID(), text: 'there' });
    const answers = [stage.node, other].map(async (node) => {
      const { body } = await askAsOperator(node, 'admin/realtime/nodes');
      return body as { nodes: { id: string; sessions: number }[]; complete: boolean };
    });
    const [one, two] = await Promise.all(answers);
    expect([one?.complete, two?.complete]).toEqual([true, true]);
    expect(one?.nodes).toMatchObject([{ redis: 'up' }, { redis: 'up' }]);
    expect(one?.nodes.map(({ id }) => id)).toEqual(two?.nodes.map(({ id }) => id).toReversed());
    expect(two?.nodes[0]?.sessions).toBeGreaterThan(0);
  });

  it('bring a live event from one to the other', async () => {
    const heard: string[] = [];
    const name = randomUUID();
    for (const node of [stage.node, other]) {
      const subscription = stage.client('reader', { url: node.url }).subscribe(typing, { name });
      subscription.on('typing.started', ({ author }) => heard.push(author));
      await until('it is subscribed', () => subscription.state === 'subscribed');
    }
    await stage.client('ada', { url: stage.node.url }).send(startTyping, { board: name });
    await until('it is everywhere', () => heard.length >= 2);
    expect(heard).toEqual(['ada', 'ada']);
  });

  it('share the rooms of the application’s own gateways: emit, count, join and disconnect', async () => {
    const [near, far] = [await guest(stage.node, 'hall'), await guest(other, 'hall')];
    await near.ask('call', { room: 'hall', text: 'hello' });
    await until('both are called', () => near.called.length + far.called.length === 2);
    expect(await near.ask('count', 'hall')).toEqual({ count: 2 });
    await near.ask('gather', { from: 'hall', into: 'yard' });
    await until('both are in the yard', async () => (await near.ask<{ count: number }>('count', 'yard')).count === 2);
    await far.ask('call', { room: 'yard', text: 'here' });
    await until('both are called again', () => near.called.length + far.called.length === 4);
    await far.ask('expel', 'hall').catch(() => {});
    await until('both are gone', () => !near.isConnected && !far.isConnected);
  });

  it.each(ways)('get the events of a process without sessions, and its live ones: %s', async (_way, reach) => {
    const worker = await startWorker(reach);
    try {
      const publisher = worker.get(ChannelPublisher);
      const name = randomUUID();
      const keepers = [await reader(stage.node, name), await reader(other, name)];
      const heard: string[] = [];
      const subscription = stage.client('reader', { url: other.url }).subscribe(typing, { name });
      subscription.on('typing.started', ({ author }) => heard.push(author));
      await until('it is subscribed', () => subscription.state === 'subscribed');
      await until('a live event arrives', async () => {
        await publisher.publish(typing, { name }, 'typing.started', { author: 'worker' });
        return heard.length > 0;
      });

      const direct = await publisher.publish(board, { name }, 'note.posted', { text: '1', author: 'worker' });
      expect(direct.offset).toBe(1);
      const database = worker.get(MillraceDatabase);
      await database.transaction(async (tx) => {
        await tx.query('insert into note (board, text) values ($1, $2)', [name, '2']);
        await publisher.publish(board, { name }, 'note.written', { text: '2', author: 'worker' });
      });
      const failed = database.transaction(async () => {
        await publisher.publish(board, { name }, 'note.written', { text: 'never', author: 'worker' });
        throw new Error('rolled back');
      });
      await expect(failed).rejects.toThrow('rolled back');
      await publisher.publish(board, { name }, 'note.posted', { text: '3', author: 'worker' });
      await until('all are everywhere', () => keepers.every(({ events }) => events.length >= 3), 3_000);
      for (const { events } of keepers) {
        expect(events.map(({ data }) => (JSON.parse(data) as { text: string }).text)).toEqual(['1', '2', '3']);
      }
    } finally {
      await worker.close();
    }
  });

  async function startWorker(reach: (direct: string) => string): Promise<INestApplicationContext> {
    const postgres = { connectionString: reach(stage.database.url) };
    return NestFactory.createApplicationContext(MillraceModule.forPublisher({ postgres, redis: redis() }), {
      logger: ['error'],
      abortOnError: false,
    });
  }
});
