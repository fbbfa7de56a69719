import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import { Logger, Module, ValidationPipe, type INestApplication } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  DEFAULT_PATH,
  defineChannel,
  defineCommand,
  event,
  NAMESPACE,
  PROTOCOL_VERSION,
  type Answer,
  type ChannelName,
  type WireError,
} from '@millrace/protocol';
import { IsString } from 'class-validator';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDatabase, type FreshDatabase } from '../../../test/support/fresh-database.js';
import { ChannelAccess } from './channel/channel-access.js';
import { ChannelPolicy } from './channel/channel-policy.decorator.js';
import type { Policy } from './channel/policy.js';
import { Command, Gateway, Payload } from './command/command.decorators.js';
import { MillraceModule } from './millrace.module.js';
import { ChannelPublisher } from './stream/channel-publisher.js';
import { naughtyTexts, naughtyValues } from './session/testing/naughty-texts.js';

const board = defineChannel('board.:name', {
  delivery: 'durable',
  events: { 'note.written': event<{ text: string }>() },
});
const looks = defineChannel('looks.:name', { delivery: 'live', events: { 'board.seen': event<{ text: string }>() } });
const write = defineCommand<unknown, unknown>('note.write');
const look = defineCommand<unknown, unknown>('board.look');
const key = defineCommand<unknown, unknown>('note.key');
const banish = defineCommand<unknown, unknown>('board.banish');

class NoteDto {
  @IsString() name!: string;
  @IsString() text!: string;
}

/** Gives what the client says to Millrace as it is: as a channel, as data, as a key, as a result. */
@Gateway()
class BoardGateway {
  constructor(
    private readonly publisher: ChannelPublisher,
    private readonly access: ChannelAccess,
  ) {}

  @Command(write)
  async write(@Payload() { name, text }: NoteDto): Promise<unknown> {
    await this.publisher.publish(board, { name }, 'note.written', { text });
    return { name, [text === '__proto__' || text === 'constructor' ? 'text' : text]: text };
  }

  @Command(look)
  async look(@Payload() { name, text }: NoteDto): Promise<void> {
    await this.publisher.publish(looks, { name }, 'board.seen', { text });
  }

  @Command(key)
  async key(@Payload() { name, text }: NoteDto): Promise<void> {
    await this.publisher.publish(board, { name }, 'note.written', { text }, { key: text });
  }

  @Command(banish)
  async banish(@Payload() { name, text }: NoteDto): Promise<void> {
    await this.access.revoke({ subject: text, channel: name as ChannelName });
  }
}

@ChannelPolicy(board)
class BoardPolicy implements Policy {
  subscribe(): boolean {
    return true;
  }
}

@ChannelPolicy(looks)
class LooksPolicy implements Policy {
  subscribe(): boolean {
    return true;
  }
}

let database: FreshDatabase;
let app: INestApplication;
let client: Socket;
const logged: unknown[] = [];

/** Some answers of every kind of node say that it is busy: here nothing is bounded. */
const limits = {
  maxSessionsPerSubject: 1e6,
  connectsPerMinute: 1e6,
  commandsPerSecond: 1e6,
  subscribesPerSecond: 1e6,
  historyPagesPerSecond: 1e6,
  newChannelsPerMinute: 1e6,
};
const session = { framesPerSecond: 1_000_000, frameBurst: 1_000_000, maxSubscriptions: 100_000 };

beforeEach(() => void logged.splice(0));

beforeAll(async () => {
  for (const level of ['error', 'fatal'] as const) {
    vi.spyOn(Logger.prototype, level).mockImplementation((...entry: unknown[]) => void logged.push(entry));
  }
  database = await createDatabase();
  const millrace = MillraceModule.forRoot({
    postgres: { connectionString: database.url },
    session,
    limits,
    // The token is the subject, whatever it is.
    authenticate: { authenticate: (token) => Promise.resolve({ principal: token, subject: token }) },
  });
  class NaughtyModule {}
  Module({
    imports: [millrace],
    providers: [BoardGateway, BoardPolicy, LooksPolicy, { provide: APP_PIPE, useValue: new ValidationPipe() }],
  })(NaughtyModule);
  app = (await Test.createTestingModule({ imports: [NaughtyModule] }).compile()).createNestApplication({
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  client = connect('ann');
  await new Promise<void>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });
});

afterAll(async () => {
  client?.disconnect();
  await app?.close();
  await database?.drop();
  vi.restoreAllMocks();
});

function connect(token: unknown, auth: object = {}): Socket {
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return io(`http://127.0.0.1:${port}${NAMESPACE}`, {
    path: DEFAULT_PATH,
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: { protocol: PROTOCOL_VERSION, token, ...auth },
  });
}

const ask = (name: string, body: unknown): Promise<Answer> => client.timeout(10_000).emitWithAck(name, body);

/** The refusals in an answer, those of the items of a subscribe too. */
function refusalsIn(answer: Answer): WireError[] {
  if (!answer.ok) return [answer.error];
  const { items = [] } = answer as { readonly items?: readonly { readonly error?: WireError }[] };
  return items.flatMap(({ error }) => error ?? []);
}

/** Sends each body, and checks that no answer is a fault of the server and nothing was logged. */
async function codesOf(name: string, bodies: readonly unknown[]): Promise<Map<string, number>> {
  const codes = new Map<string, number>();
  const count = (code: string): void => void codes.set(code, (codes.get(code) ?? 0) + 1);
  // A command has a bound for those under way.
  for (let from = 0; from < bodies.length; from += 8) {
    const asked = bodies.slice(from, from + 8);
    const answers = await Promise.all(asked.map((body) => ask(name, body)));
    answers.forEach((answer, index) => {
      const refusals = refusalsIn(answer);
      if (refusals.length === 0) count('ok');
      for (const { code } of refusals) {
        if (code === 'INTERNAL') throw new Error(`INTERNAL for ${JSON.stringify(asked[index])}`);
        count(code);
      }
    });
  }
  // Of subjects that no session can have it is told once, by the authentication.
  expect(logged.filter((entry) => !String(entry).includes('invalid `subject`'))).toEqual([]);
  return codes;
}

let ids = 0;
const command = ({ name }: { readonly name: string }, data: unknown) => ({ id: `c-${++ids}`, name, data });
const all: readonly unknown[] = [...naughtyTexts, ...naughtyValues];

describe('whatever a client says, the server is not at fault', () => {
  it('as the name of a channel that a command publishes on', async () => {
    for (const contract of [write, look]) {
      const codes = await codesOf(
        'command',
        naughtyTexts.map((name) => command(contract, { name, text: 'x' })),
      );
      // `undefined`, numbers and the like are good segments.
      expect(codes.get('CHANNEL_INVALID')).toBeGreaterThan(40);
      expect(codes.get('ok')).toBeGreaterThan(10);
      expect([...codes.keys()].toSorted()).toEqual(['CHANNEL_INVALID', 'ok']);
    }
  });

  it('as the data of an event and in a result', async () => {
    const codes = await codesOf(
      'command',
      naughtyTexts.map((text) => command(write, { name: 'red', text })),
    );
    expect([...codes.keys()]).toEqual(['ok']);
    await vi.waitFor(async () => {
      const page = await ask('history', { channel: 'board.red', limit: 1_000 });
      const { events } = page as unknown as { readonly events: readonly { readonly data: string }[] };
      const texts = events.map(({ data }) => (JSON.parse(data) as { readonly text: string }).text);
      expect(naughtyTexts.filter((text) => !texts.includes(text))).toEqual([]);
    }, 5_000);
  });

  it('as the key of an event', async () => {
    const codes = await codesOf(
      'command',
      naughtyTexts.map((text) => command(key, { name: 'keyed', text })),
    );
    expect([...codes.keys()].toSorted()).toEqual(['EVENT_INVALID', 'ok']);
  });

  it('as whose access is withdrawn', async () => {
    const codes = await codesOf('command', [
      ...naughtyTexts.map((text) => command(banish, { name: 'board.other', text })),
      ...naughtyTexts.map((name) => command(banish, { name, text: 'nobody' })),
    ]);
    expect([...codes.keys()].toSorted()).toEqual(['CHANNEL_INVALID', 'EVENT_INVALID', 'ok']);
  });

  it('as the data of a command and its fields', async () => {
    const codes = await codesOf('command', [
      ...all.map((data) => command(write, data)),
      ...all.map((value) => command(write, { name: value, text: 'x' })),
      ...all.map((value) => command(write, { name: 'red', text: value })),
      ...naughtyTexts.map((property) => command(write, { name: 'red', text: 'x', [property]: 1 })),
      ...naughtyTexts.map((property) => command(write, JSON.parse(`{${JSON.stringify(property)}:1}`))),
    ]);
    expect([...codes.keys()].toSorted()).toEqual(['CHANNEL_INVALID', 'FRAME_INVALID', 'VALIDATION_FAILED', 'ok']);
  });

  it('as the id and name of a command, and in the place of a frame', async () => {
    const codes = await codesOf('command', [
      ...all.map((id) => ({ id, name: write.name, data: { name: 'red', text: 'x' } })),
      ...all.map((name) => ({ id: `n-${++ids}`, name, data: {} })),
      ...all,
    ]);
    expect([...codes.keys()].toSorted()).toEqual(
      ['COMMAND_UNKNOWN', 'FRAME_INVALID', 'ok'].filter((code) => codes.has(code)),
    );
  });

  it('as channel, sid and position of a subscribe', async () => {
    const items = [
      ...all.map((channel) => ({ channel, sid: 1 })),
      ...naughtyTexts.map((name) => ({ channel: `board.${name}`, sid: 1 })),
      ...all.map((sid) => ({ channel: 'board.red', sid })),
      ...all.map((since) => ({ channel: 'board.red', sid: 1, since })),
      ...naughtyTexts.map((since) => ({ channel: 'looks.red', sid: 1, since })),
    ];
    const codes = await codesOf('subscribe', [...items.map((item) => ({ items: [item] })), ...all, { items: all }]);
    for (const code of ['CHANNEL_INVALID', 'FORBIDDEN', 'FRAME_INVALID', 'POSITION_INVALID', 'ok']) {
      expect(codes.get(code)).toBeGreaterThan(0);
    }
  });

  it('as channel, position and limit of a history page, and in an unsubscribe', async () => {
    await codesOf('history', [
      ...all.map((channel) => ({ channel, limit: 10 })),
      ...all.map((after) => ({ channel: 'board.red', limit: 10, after })),
      ...all.map((limit) => ({ channel: 'board.red', limit })),
      ...all,
    ]);
    await codesOf('unsubscribe', [...all.map((channel) => ({ channels: [channel] })), { channels: all }, ...all]);
  });

  it('as a fresh token', async () => {
    const codes = await codesOf('authenticate', [...all.map((token) => ({ token })), ...all]);
    expect([...codes.keys()].toSorted()).toEqual(
      ['BUSY', 'FRAME_INVALID', 'PRINCIPAL_CHANGED', 'UNAUTHENTICATED'].filter((code) => codes.has(code)),
    );
  });

  it('as the name of a frame', async () => {
    for (const name of naughtyTexts.filter((text) => text !== '')) {
      expect(refusalsIn(await ask(name, {}))).toMatchObject([{ code: 'FRAME_INVALID' }]);
    }
    expect(logged).toEqual([]);
  });

  it('as the token and the rest of a handshake', async () => {
    const handshakes = [
      ...all.map((token) => connect(token)),
      ...all.map((protocol) => connect('ann', { protocol })),
      ...all.map((awayMs) => connect('ann', { awayMs, client: awayMs })),
    ];
    const codes = await Promise.all(
      handshakes.map(
        (socket) =>
          new Promise<string>((resolve) => {
            socket.once('connect', () => resolve('ok'));
            socket.once('connect_error', (error) =>
              resolve((error as { data?: WireError }).data?.code ?? error.message),
            );
          }),
      ),
    );
    for (const socket of handshakes) socket.disconnect();
    expect([...new Set(codes)].toSorted()).toEqual(['PROTOCOL_UNSUPPORTED', 'UNAUTHENTICATED', 'ok']);
    expect(logged).toEqual([]);
  });
});
