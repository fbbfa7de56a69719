import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@millrace/client';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { board, postNote, withdrawAccess } from '../apps/notes/contracts.js';
import { serviceAddress } from '../support/service-address.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { JournalKeeper } from './support/journal-keeper.js';
import type { NotesNode } from './support/notes-node.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

/** Each way: a question and its answer take twice as long. */
const SLOW_MS = 150;

let stage: Stage;
let slow: NotesNode;
let redis: TcpProxy;
let postgres: TcpProxy;
let kept: JournalKeeper;
let moderator: Client;
let writers: readonly Client[];
let people = 0;
let notes = 0;

const portOf = (name: 'REDIS_URL' | 'DATABASE_URL'): number => Number(new URL(serviceAddress(name)).port);
const through = (url: string, proxy: TcpProxy): string =>
  Object.assign(new URL(url), { hostname: '127.0.0.1', port: new URL(proxy.url).port }).href;

/** Two nodes; the links of the one whose subscribers are watched can be slow. */
beforeAll(async () => {
  [redis, postgres] = await Promise.all([
    TcpProxy.listen(portOf('REDIS_URL')),
    TcpProxy.listen(portOf('DATABASE_URL')),
  ]);
  stage = await Stage.set({ redis: { url: serviceAddress('REDIS_URL') } });
  slow = await stage.joinNode({
    databaseUrl: through(stage.database.url, postgres),
    redis: { url: through(serviceAddress('REDIS_URL'), redis) },
  });
  kept = await watch('fay');
  moderator = stage.client('mod', { claims: { role: 'moderator' } });
  writers = [stage.client('gil'), stage.client('hal', { url: slow.url })];
});
afterEach(async () => {
  redis.target = portOf('REDIS_URL');
  redis.delayMs = postgres.delayMs = 0;
  await until('the slow node has caught up', () => kept.subscription.state === 'subscribed');
});
afterAll(async () => {
  await stage.clear();
  await Promise.all([redis.close(), postgres.close()]);
});

async function watch(subject: string): Promise<JournalKeeper> {
  const keeper = new JournalKeeper(subject, stage.client(subject, { url: slow.url }).subscribe(board, { name: 'red' }));
  await until(`${subject} watches`, () => keeper.subscription.state === 'subscribed');
  return keeper;
}

const write = (by: Client): Promise<{ offset: number }> => by.send(postNote, { board: 'red', text: `${notes++}` });

/** Withdraws access and publishes behind the answer to that; the first offset of what it published. */
type Withdraw = (subject: string) => Promise<number>;

async function withdrawAndPublish(subject: string): Promise<number> {
  await moderator.send(withdrawAccess, { subject, board: 'red' });
  const sent = await Promise.all([write(writers[0]!), write(writers[1]!), sleep(50).then(() => write(writers[0]!))]);
  return Math.min(...sent.map(({ offset }) => offset));
}

/** Somebody watches and is withdrawn; what is published behind that must not reach him. */
async function round(withdraw: Withdraw = withdrawAndPublish): Promise<void> {
  const subject = `p${people++}`;
  const withdrawn = await watch(subject);
  await write(writers[0]!);
  const first = await withdraw(subject);
  const last = (await write(writers[0]!)).offset;
  await until('the others have all of it', () => kept.offset >= last);
  await until('it is told', () => withdrawn.errors.includes('FORBIDDEN'));
  expect(withdrawn.events.filter(({ offset }) => offset >= first)).toEqual([]);
  expect(first).toBeLessThan(last);
}

async function rounds(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await round();
}

it('nothing that is published after a withdrawal reaches the withdrawn over a slow Redis', async () => {
  redis.delayMs = SLOW_MS * 2;
  await rounds(5);
});

function loseRedis(): void {
  redis.target = undefined;
  redis.cut();
}

it('nor from a node with a slow database', async () => {
  postgres.delayMs = SLOW_MS;
  await round();
  loseRedis();
  await rounds(2);
});

it('nor while Redis is lost', async () => {
  loseRedis();
  await rounds(3);
});

it('nor while the log is locked', async () => {
  await round(async (subject) => {
    const client = await stage.sql.connect();
    await client.query('begin; lock table millrace.event in access exclusive mode');
    const published = withdrawAndPublish(subject);
    await sleep(2_000);
    await client.query('commit');
    client.release();
    return published;
  });
});

it('nor from a node that was frozen', async () => {
  for (const frozenMs of [300, 2_500]) {
    await round(async (subject) => {
      slow.signal('SIGSTOP');
      // The second time it finds nothing in Redis, and reads it all.
      if (frozenMs > 300) loseRedis();
      await moderator.send(withdrawAccess, { subject, board: 'red' });
      const { offset } = await write(writers[0]!);
      for (let count = 0; count < 5; count++) await write(writers[0]!);
      await sleep(frozenMs);
      slow.signal('SIGCONT');
      return offset;
    });
  }
});
