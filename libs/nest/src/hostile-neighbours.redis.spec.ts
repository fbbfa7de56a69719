import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { AddressInfo, Server } from 'node:net';
import { Logger, Module, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DEFAULT_PATH, defineChannel, event, NAMESPACE, PROTOCOL_VERSION, type Answer } from '@millrace/protocol';
import { Redis } from 'ioredis';
import { Emitter } from '@socket.io/redis-emitter';
import type pg from 'pg';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createDatabase, openPool, type FreshDatabase } from '../../../test/support/fresh-database.js';
import { serviceAddress } from '../../../test/support/service-address.js';
import { AdminModule } from './admin/admin.module.js';
import { ChannelPolicy } from './channel/channel-policy.decorator.js';
import type { Policy } from './channel/policy.js';
import { EndpointsModule } from './health/endpoints.module.js';
import { MillraceModule } from './millrace.module.js';
import { MessageSeal } from './redis/message-seal.js';
import { Ring } from './ring.js';
import { systemClock } from './core/clock.js';
import { naughtyTexts } from './session/testing/naughty-texts.js';
import { Noise } from './session/testing/noise.js';
import { RawClient } from './session/testing/raw-client.js';
import { ChannelPublisher } from './stream/channel-publisher.js';

const board = defineChannel('board.:name', { delivery: 'durable', events: { 'note.written': event<string>() } });

@ChannelPolicy(board)
class BoardPolicy implements Policy {
  subscribe(): boolean {
    return true;
  }
}

const prefix = `fuzz-${randomUUID().slice(0, 8)}`;
const noise = new Noise(20_261_127);
const loose: unknown[] = [];
const note = (error: unknown): void => void loose.push(error);

let database: FreshDatabase;
let sql: pg.Pool;
let redis: Redis;
let app: INestApplication;
let client: Socket;
let received: string[];

beforeAll(async () => {
  for (const level of ['log', 'warn', 'error'] as const) vi.spyOn(Logger.prototype, level).mockReturnValue();
  for (const name of ['uncaughtException', 'unhandledRejection'] as const) process.on(name, note);
  database = await createDatabase();
  sql = openPool(database.url);
  redis = new Redis(serviceAddress('REDIS_URL'));
  class FuzzedModule {}
  Module({
    imports: [
      MillraceModule.forRoot({
        postgres: { connectionString: database.url },
        redis: { url: serviceAddress('REDIS_URL'), prefix },
        session: { framesPerSecond: 1_000_000, frameBurst: 1_000_000 },
        authenticate: { authenticate: (token) => Promise.resolve({ principal: token, subject: String(token) }) },
      }),
      EndpointsModule,
      AdminModule.register({ guards: [{ canActivate: () => true }] }),
    ],
    providers: [BoardPolicy],
  })(FuzzedModule);
  const module = await Test.createTestingModule({ imports: [FuzzedModule] }).compile();
  app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  client = io(`http://127.0.0.1:${port()}${NAMESPACE}`, {
    path: DEFAULT_PATH,
    transports: ['websocket'],
    auth: { protocol: PROTOCOL_VERSION, token: 'ann' },
  });
  await new Promise<void>((resolve) => void client.once('connect', () => resolve()));
  client.on('events', ({ events }: { readonly events: readonly { readonly data: string }[] }) => {
    received.push(...events.map(({ data }) => data));
  });
  client.on('control', ({ kind }: { readonly kind: string }) => {
    if (kind === 'lagging') void subscribe();
  });
  await subscribe();
});

beforeEach(() => {
  received = [];
  loose.length = 0;
});

afterAll(async () => {
  client?.disconnect();
  await app?.close();
  redis?.disconnect();
  await sql?.end();
  await database?.drop();
  for (const name of ['uncaughtException', 'unhandledRejection'] as const) process.off(name, note);
  vi.restoreAllMocks();
});

const port = (): number => ((app.getHttpServer() as Server).address() as AddressInfo).port;
const ask = (name: string, body: unknown): Promise<Answer> => client.timeout(5_000).emitWithAck(name, body);
const subscribe = (): Promise<Answer> => ask('subscribe', { items: [{ channel: 'board.red', sid: 1 }] });

/** The node is there, answers, and delivers what is published from now on. */
async function isUnharmed(): Promise<void> {
  expect(await ask('ping', {})).toMatchObject({ ok: true });
  expect((await fetch(`http://127.0.0.1:${port()}/health/live`)).status).toBe(200);
  await vi.waitFor(async () => {
    expect((await fetch(`http://127.0.0.1:${port()}/health/ready`)).status).toBe(200);
  });
  const text = `after ${randomUUID()}`;
  // A client that was asked to subscribe again is not there for a moment.
  await vi.waitFor(async () => {
    await app.get(ChannelPublisher).publish(board, { name: 'red' }, 'note.written', text);
    expect(received).toContain(JSON.stringify(text));
  }, 3_000);
  expect(loose).toEqual([]);
}

const listenedTo = async (): Promise<readonly string[]> => (await redis.pubsub('CHANNELS', `${prefix}:*`)) as string[];

/** Begin the channels of rooms. */
async function roomKeys(): Promise<readonly string[]> {
  const keys = (await listenedTo()).flatMap((name) => /^(.*)-request#.*#$/.exec(name)?.[1] ?? []);
  expect(keys.length).toBeGreaterThan(0);
  return keys;
}

/** All names on which this node listens, and some that its patterns match. */
async function redisChannels(): Promise<readonly string[]> {
  const rooms = (await roomKeys()).flatMap((key) => [`${key}#${NAMESPACE}#`, `${key}#${NAMESPACE}#board.red#`]);
  return [...(await listenedTo()), ...rooms];
}

/** What the nodes say while an event is published. */
async function overheard(): Promise<readonly Buffer[]> {
  const seen: Buffer[] = [];
  const listener = redis.duplicate();
  await listener.psubscribe(`${prefix}:*`);
  listener.on('pmessageBuffer', (_pattern: unknown, _channel: unknown, payload: Buffer) => void seen.push(payload));
  await app.get(ChannelPublisher).publish(board, { name: 'red' }, 'note.written', 'genuine');
  await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0));
  listener.disconnect();
  return seen;
}

it('whatever a stranger says over Redis, the node stays and delivers, and nobody is told anything', async () => {
  const seen = await overheard();
  const pipeline = redis.pipeline();
  for (const channel of await redisChannels()) {
    for (const payload of [...forms, ...seen]) pipeline.publish(channel, payload);
    for (const payload of seen) for (let turn = 0; turn < 20; turn++) pipeline.publish(channel, noise.spoil(payload));
    for (let turn = 0; turn < 20; turn++) pipeline.publish(channel, noise.bytes(200));
  }
  await pipeline.exec();
  for (const key of await roomKeys()) {
    const emitter = new Emitter(redis, { key }, NAMESPACE);
    emitter.emit('events', { channel: 'board.red', epoch: 'e', prev: 0, events: [{ data: '"forged"' }] });
    emitter.socketsJoin('board.other');
    emitter.disconnectSockets(true);
  }
  await isUnharmed();
  expect(received).not.toContain('"forged"');
  expect(await refusedMessages()).toBeGreaterThan(100);
});

it('whatever another node says over Redis, this one stays and delivers', async () => {
  const { keys } = app.get(Ring);
  const seal = new MessageSeal({ signer: keys.signer('nodes'), clock: systemClock, sender: 'other' });
  const seen = await overheard();
  const pipeline = redis.pipeline();
  const say = (channel: string, payload: string | Buffer): unknown =>
    pipeline.publish(channel, seal.seal(channel, payload));
  for (const channel of await redisChannels()) {
    for (const payload of forms) say(channel, payload);
    for (const payload of seen) for (let turn = 0; turn < 20; turn++) say(channel, noise.spoil(inside(payload)));
    for (let turn = 0; turn < 20; turn++) say(channel, noise.bytes(200));
  }
  await pipeline.exec();
  await isUnharmed();
});

const inside = (sealed: Buffer): Buffer => sealed.subarray(/^(?:\S+ ){5}/.exec(sealed.toString('latin1'))?.[0].length);

async function refusedMessages(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port()}/metrics`)).text();
  return Number(/realtime_redis_messages_refused_total\{[^}]*reason="forged"[^}]*\} (\d+)/.exec(text)?.[1]);
}

/** What is nearly a batch, a question between nodes, a packet of Socket.IO. */
const forms: readonly string[] = [
  '',
  'null',
  '1 other nonsense',
  '1 other null',
  ...[0, -1, 7, 1e15].map((prev) =>
    ['not json', 'null', '{', '{"subject":7}', '[]'].map(
      (data) =>
        `1 other ${JSON.stringify(['e', prev, '', [[`x${prev}`, 'access.revoked', 1, data]], ['e', prev, 'x']])}`,
    ),
  ),
  ...Array.from({ length: 10 }, (_, type) => type)
    .filter((type) => type !== 3 && type !== 4)
    .map((type) => JSON.stringify({ type, uid: 'x', requestId: 'x', opts: 1, data: 1 })),
  ...['millrace:ask', 'millrace:answer', 'connection', 'error'].flatMap((name) =>
    [[name], [name, null, null], [name, {}, { health: null, clockSkewMs: {} }]].map((data) =>
      JSON.stringify({ type: 6, uid: 'x', data }),
    ),
  ),
].flat();

it('whatever stands in the tables, the node stays and delivers', async () => {
  const data = ['null', '7', '"text"', '[]', '{}', '{"subject":7}', '{"channel":"no/channel"}', '{"health":"x"}'];
  const rows = data.flatMap((value) =>
    ['_millrace.access', '_millrace.canary.other', '_millrace.unknown', 'board.red'].flatMap((channel) =>
      ['access.revoked', 'canary.sent', '\u0001', 'x'.repeat(255)].map((type) => [channel, type, value]),
    ),
  );
  await sql.query(
    `insert into millrace.outbox (channel, type, data, cause)
select r->>0, r->>1, r->>2, '{}' from json_array_elements($1::json) r`,
    [JSON.stringify(rows)],
  );
  await isUnharmed();
});

it('whatever a stranger or a client sends, the node stays and delivers', async () => {
  const strangers = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(port())));
  for (const stranger of strangers) {
    for (let turn = 0; turn < 40; turn++) stranger.send(noise.pick(packets) + noise.text(30));
  }
  const asked = Array.from({ length: 200 }, () =>
    ask(noise.pick(['command', 'subscribe', 'history', 'unsubscribe', 'authenticate', 'x']), noise.value(4)),
  );
  const answers = await Promise.all(asked);
  expect(answers.filter((answer) => !answer.ok && answer.error.code === 'INTERNAL')).toEqual([]);
  for (const stranger of strangers) stranger.end();
  await subscribe();
  await isUnharmed();
});

const packets = [
  '',
  '0',
  '1',
  '2',
  '3',
  '4',
  '40',
  '40/realtime,',
  '41/realtime,',
  '42/realtime,',
  '43/realtime,1',
  '45',
  '6',
];

it('whatever is asked of the endpoints, none of it is a fault of the server', async () => {
  const paths = [
    'sessions',
    'sessions/',
    'channels/',
    'outbox',
    'outbox/dead-letters',
    'outbox/dead-letters/1/retry',
    'nodes',
  ];
  const asked = Array.from({ length: 120 }, async () => {
    const odd = encodeURIComponent(
      noise
        .pick(naughtyTexts)
        .slice(0, 200)
        .replaceAll(/\p{Surrogate}/gu, ''),
    );
    const query = noise.pick(['', `?limit=${odd}`, `?after=${odd}`, `?subject=${odd}`, `?after[]=${odd}&after=1`]);
    const path = noise.pick(paths);
    const url = `http://127.0.0.1:${port()}/admin/realtime/${path}${path.endsWith('/') ? odd : ''}${query}`;
    const method = noise.pick(['GET', 'POST', 'DELETE']);
    const { status } = await fetch(url, { method, ...(method === 'POST' && { body: noise.text(50) }) });
    return status >= 500 ? `${status} ${method} ${url}` : undefined;
  });
  expect((await Promise.all(asked)).filter((fault) => fault !== undefined)).toEqual([]);
  await isUnharmed();
});
